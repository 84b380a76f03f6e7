import { connectionOf } from '../../conntrack/connection.ts';
import { addressWords, DESTINATION, oneAddress, SOURCE } from '../../nat/range.ts';
import { INPUT, OUTPUT, POSTROUTING, PREROUTING } from '../../netfilter/constants.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { formatAddress, masked, prefixLength } from '../address.ts';
import { track } from '../connection-state.ts';
import { defineTarget, option, type PrintContext, type ValueType } from '../extension.ts';
import { type HostMask, hostMask, narrow } from '../hosts.ts';
import { wordsOf } from '../nat-range.ts';

const network: ValueType<HostMask> = {
  ...hostMask,
  parse(given, context) {
    const { address, mask } = hostMask.parse(given, context);
    return { address: masked(address, narrow(mask, context.family)), mask };
  },
  print: ({ address, mask }, { family }: PrintContext) =>
    `${formatAddress(address)}/${prefixLength(narrow(mask, family)) ?? 0}`,
};

export const NETMAP = defineTarget({
  name: 'NETMAP',
  summary: 'translates addresses of one network to those of another, host by host',
  about:
    'In PREROUTING and OUTPUT it translates the destination, in POSTROUTING and INPUT the source. The bits behind the ' +
    'mask stay.',
  source: 'net/netfilter/xt_NETMAP.c netmap_tg4, netmap_tg6',
  table: 'nat',
  hooks: [PREROUTING, POSTROUTING, OUTPUT, INPUT],
  options: {
    to: option(network, { required: true, help: 'The network.' }),
  },
  terminal: true,
  list: ({ to }, context) => ` to:${to ? network.print(to.value, context) : ''}`,
  create({ to }, environment) {
    track(environment);
    const { translation, family } = environment;
    const { address = [], mask = wordsOf([]) } = to?.value ?? {};
    const [n0, n1, n2, n3] = wordsOf(address);
    const [m0, m1, m2, m3] = mask;
    return (packet, { hook }) => {
      const connection = connectionOf(packet);
      if (connection === undefined) return DROP;
      const side = hook === PREROUTING || hook === OUTPUT ? DESTINATION : SOURCE;
      const at = family === 4 ? (side === SOURCE ? 12 : 16) : side === SOURCE ? 8 : 24;
      const [a0, a1, a2, a3] = addressWords(packet.bytes, packet.network + at, family);
      // The words that IPv4 does not have are 0 in the packet's address and in the network's.
      const range = oneAddress([(a0 & ~m0) | n0, (a1 & ~m1) | n1, (a2 & ~m2) | n2, (a3 & ~m3) | n3]);
      return translation.setup(connection, range, side, packet);
    };
  },
});
