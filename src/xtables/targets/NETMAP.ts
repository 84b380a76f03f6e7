import {
  type AddressWords,
  addressWords,
  DESTINATION,
  type NatRange,
  RANGE,
  SOURCE,
} from '../../nat/range.ts';
import { INPUT, OUTPUT, POSTROUTING, PREROUTING } from '../../netfilter/constants.ts';
import { formatAddress, formatMask, masked } from '../address.ts';
import { defineTarget, option, type PrintContext } from '../extension.ts';
import { type HostMask, hostMask, narrow } from '../hosts.ts';
import { translate } from '../nat-target.ts';

const network = ({ address, mask }: HostMask, { family }: PrintContext): string =>
  `${formatAddress(address)}${formatMask(narrow(mask, family)) || (family === 4 ? '/32' : '/128')}`;

export const NETMAP = defineTarget({
  name: 'NETMAP',
  summary: 'maps a whole network to another, address by address',
  about:
    'PREROUTING and OUTPUT map the destination, POSTROUTING and INPUT the source; bits outside the mask stay.',
  source: 'net/netfilter/xt_NETMAP.c',
  table: 'nat',
  hooks: [PREROUTING, POSTROUTING, OUTPUT, INPUT],
  options: {
    to: option({ ...hostMask, print: network }, { required: true, help: 'The network to map to.' }),
  },
  terminal: true,
  settle(values, { family }) {
    const { to } = values;
    if (!to) return values;
    const { address, mask } = to.value;
    return { to: { ...to, value: { address: masked(address, narrow(mask, family)), mask } } };
  },
  list: ({ to }, context) => (to ? ` to:${network(to.value, context)}` : ''),
  create({ to }, environment) {
    const { family } = environment;
    const pad = (words: readonly number[]): AddressWords => [
      words[0] ?? 0,
      words[1] ?? 0,
      words[2] ?? 0,
      words[3] ?? 0,
    ];
    const net = pad(to?.value.address ?? []);
    const mask = pad(to ? narrow(to.value.mask, family) : []);
    return translate(
      environment,
      ({ hook }) => (hook === PREROUTING || hook === OUTPUT ? DESTINATION : SOURCE),
      ({ bytes, network: at }, { hook }): NatRange => {
        const destination = hook === PREROUTING || hook === OUTPUT;
        const offset = family === 4 ? (destination ? 16 : 12) : destination ? 24 : 8;
        const old = addressWords(bytes, at + offset, family);
        const mapped: AddressWords = [
          (old[0] & ~mask[0]) | (net[0] & mask[0]),
          (old[1] & ~mask[1]) | (net[1] & mask[1]),
          (old[2] & ~mask[2]) | (net[2] & mask[2]),
          (old[3] & ~mask[3]) | (net[3] & mask[3]),
        ];
        return {
          flags: RANGE.MAP_IPS | RANGE.NETMAP,
          minAddress: mapped,
          maxAddress: mapped,
          minPart: 0,
          maxPart: 0,
          basePart: 0,
        };
      },
    );
  },
});
