import { INPUT, OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import type { Sender } from '../../netfilter/packet.ts';
import { Cgroups, plainCgroup } from '../cgroups.ts';
import { defineMatch, option, type PrintContext, type Test, type ValueType } from '../extension.ts';
import { integer, quote } from '../values.ts';

/** Room for a path with its end; what is longer is cut off. */
const LONGEST = 511;
const NO_SOCKET = 'no socket, or only a connection that is being made';

const path: ValueType<string> = {
  syntax: 'path',
  argument: 'required',
  parse: (given) => given.slice(0, LONGEST),
  print: quote,
};

const classId = integer(0, 0xffffffff);

function socketTest(name: string, inverted: boolean, fits: (sender: Sender) => boolean, own: Own): Test {
  return {
    option: name,
    // Without a socket, or with one that is just being made, it does not fit, inverted or not.
    run: ({ sender }) => sender !== undefined && sender.full !== false && fits(sender) !== inverted,
    explain: ({ sender }) => (sender === undefined || sender.full === false ? NO_SOCKET : own(sender)),
  };
}

type Own = (sender: Sender) => string;

export const cgroup = defineMatch({
  name: 'cgroup',
  revision: 2,
  summary: 'control group of the process whose socket the packet belongs to',
  about:
    'In OUTPUT and POSTROUTING the socket that sent the packet, in INPUT the one that it is known to be for by then: that of ' +
    'a TCP connection, or one that TPROXY chose. A host’s groups are described in its field `cgroups`; the kernel’s own ' +
    'sockets are in the root, with class 0.',
  source: 'net/netfilter/xt_cgroup.c cgroup_mt_v2',
  hooks: [INPUT, OUTPUT, POSTROUTING],
  options: {
    cgroup: option(classId, { invert: true, help: 'Class that net_cls has given to the group.' }),
    path: option(path, { invert: true, help: 'Path of the group in cgroup2, or of one above it.' }),
  },
  list({ cgroup: given, path: group }, context: PrintContext) {
    const one = (inverted: boolean, text: string) => ` cgroup${inverted ? ' !' : ''} ${text}`;
    if (group) return one(group.inverted, group.value);
    return given ? one(given.inverted, classId.print(given.value, context)) : '';
  },
  check({ cgroup: given, path: group }, environment) {
    if ((given === undefined) === (group === undefined)) return 'EINVAL';
    return group && environment.shared(Cgroups).find(group.value) === undefined ? 'EINVAL' : undefined;
  },
  tests({ cgroup: given, path: group }) {
    if (given) {
      const classOf = ({ classId: id = 0 }: Sender) => id;
      const fits = (sender: Sender) => classOf(sender) === given.value;
      return [socketTest('cgroup', given.inverted, fits, (sender) => String(classOf(sender)))];
    }
    if (!group) return [];
    const above = `${plainCgroup(group.value)}/`;
    const pathOf = ({ cgroup: own = '' }: Sender) => `${own}/`;
    const fits = (sender: Sender) => pathOf(sender).startsWith(above);
    return [socketTest('path', group.inverted, fits, ({ cgroup: own }) => own || '/')];
  },
});
