import { connectionOf } from '../../conntrack/connection.ts';
import { addressWords, DESTINATION, oneAddress } from '../../nat/range.ts';
import { OUTPUT, PREROUTING } from '../../netfilter/constants.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { track } from '../connection-state.ts';
import { defineTarget, option, type ValueType } from '../extension.ts';
import { choiceText, natRange, type PortRange, ports, random } from '../nat-range.ts';
import { Problem } from '../problem.ts';

const LOOPBACK = {
  4: Uint8Array.of(127, 0, 0, 1),
  6: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
} as const;

const unshifted: ValueType<PortRange> = {
  ...ports,
  parse(given, context) {
    const range = ports.parse(given, context);
    if (range.base === undefined) return range;
    throw new Problem('Shifted portmap ranges not supported with this kernel');
  },
};

export const REDIRECT = defineTarget({
  name: 'REDIRECT',
  summary: 'translates the destination of a connection to this host itself',
  about:
    'In PREROUTING to the first address of the interface it came by, in OUTPUT to the loopback address. An interface ' +
    'without an address drops the packet.',
  source: 'net/netfilter/nf_nat_redirect.c nf_nat_redirect_ipv4, nf_nat_redirect_ipv6',
  table: 'nat',
  hooks: [PREROUTING, OUTPUT],
  options: {
    'to-ports': option(unshifted, { help: 'The ports to choose from; the same port if left out.' }),
    random,
  },
  terminal: true,
  list(values, context) {
    const { 'to-ports': to } = values;
    return `${to ? ` redir ports ${ports.print(to.value, context)}` : ''}${choiceText(values)}`;
  },
  create(values, environment) {
    track(environment);
    const { translation, services } = environment;
    const { 'to-ports': to } = values;
    const range = natRange(to ? { ports: to.value } : {}, values);
    return (packet, { hook, inDevice }) => {
      const connection = connectionOf(packet);
      if (connection === undefined) return DROP;
      const { family } = packet;
      const address = hook === OUTPUT ? LOOPBACK[family] : services.ownAddress(packet, inDevice);
      if (address === undefined) return DROP;
      const { flags, minAddress, maxAddress } = oneAddress(addressWords(address, 0, family), range.flags);
      return translation.setup(connection, { ...range, flags, minAddress, maxAddress }, DESTINATION, packet);
    };
  },
});
