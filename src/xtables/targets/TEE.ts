import { type Address, formatAddress, isZero, toBytes } from '../address.ts';
import { CONTINUE, defineTarget, option, type ValueType } from '../extension.ts';
import { parseHost } from '../hosts.ts';

const LONGEST_NAME = 15;

const host: ValueType<Address> = {
  syntax: 'address',
  argument: 'required',
  parse: (given, context) => parseHost(given, context),
  print: (value) => formatAddress(value),
};

const device: ValueType<string> = {
  syntax: 'interface',
  argument: 'required',
  parse: (given) => given.slice(0, LONGEST_NAME),
  print: (value) => value,
};

export const TEE = defineTarget({
  name: 'TEE',
  revision: 1,
  summary: 'sends a copy of the packet to another host on the link',
  about:
    'The copy keeps its addresses and goes to the gateway, past connection tracking. IPv4 copies are not fragmented. ' +
    'In PREROUTING and INPUT the copy has one hop less to live. A copy is not copied again.',
  source: 'net/netfilter/xt_TEE.c tee_tg4, tee_tg6',
  options: {
    gateway: option(host, { required: true, help: 'Where the copy goes.' }),
    oif: option(device, { help: 'The interface it leaves by.' }),
  },
  terminal: false,
  list({ gateway, oif }) {
    return ` TEE gw:${gateway ? formatAddress(gateway.value) : ''}${oif ? ` oif=${oif.value}` : ''}`;
  },
  check: ({ gateway }) => (!gateway || isZero(gateway.value) ? 'EINVAL' : undefined),
  create({ gateway, oif }, { services }) {
    const to = toBytes(gateway?.value ?? []);
    const by = oif?.value ?? '';
    return (packet, place) => {
      services.duplicate(packet, place.hook, to, by);
      return CONTINUE;
    };
  },
});
