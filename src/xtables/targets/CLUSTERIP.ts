import { defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag, integer } from '../values.ts';

const MODES = ['sourceip', 'sourceip-sourceport', 'sourceip-sourceport-destport'];
const REQUIRED = ['new', 'hashmode', 'clustermac', 'total-nodes', 'local-node'] as const;

const hashMode: ValueType<string> = {
  syntax: 'mode',
  argument: 'required',
  choices: MODES,
  parse(given) {
    if (!MODES.includes(given)) throw new Problem(`Unknown hashmode "${given}"`);
    return given;
  },
  print: (value) => value,
};

const groupAddress: ValueType<string> = {
  syntax: 'address',
  argument: 'required',
  parse(given) {
    const bytes = given.split(':');
    if (bytes.length !== 6 || !bytes.every((byte) => /^[0-9a-f]{1,2}$/i.test(byte))) {
      throw new Problem('Invalid MAC address specified.');
    }
    if ((Number.parseInt(bytes[0]!, 16) & 1) === 0) {
      throw new Problem('MAC has to be a multicast ethernet address\n');
    }
    return given.toLowerCase();
  },
  print: (value) => value,
};

export const CLUSTERIP = defineTarget({
  name: 'CLUSTERIP',
  families: [4],
  summary: 'shares an address among several hosts; the match cluster took its place',
  about: 'Linux has not had it since 6.1: no rule with it loads.',
  source: 'xt_cluster: net/netfilter/xt_cluster.c xt_cluster_mt',
  missing: true,
  options: {
    new: option(flag, { help: 'Makes a new cluster; the other options say which.' }),
    hashmode: option(hashMode, { help: `${MODES.join(', ')}.` }),
    clustermac: option(groupAddress, { help: 'The group address that all hosts receive.' }),
    'total-nodes': option(integer(0, 16), { help: 'How many hosts there are.' }),
    'local-node': option(integer(0, 16), { help: 'The number of this one.' }),
    'hash-init': option(integer(0, 0xffffffff), { help: 'Seed of the hash.' }),
  },
  terminal: false,
  verify(values) {
    if (Object.keys(values).length === 0 || REQUIRED.every((key) => values[key] !== undefined)) return;
    throw new Problem('CLUSTERIP target: Invalid parameter combination');
  },
});
