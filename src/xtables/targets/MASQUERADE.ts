import { connectionOf } from '../../conntrack/connection.ts';
import { POSTROUTING } from '../../netfilter/constants.ts';
import { ACCEPT, DROP } from '../../netfilter/verdict.ts';
import { track } from '../connection-state.ts';
import { defineTarget, option } from '../extension.ts';
import { choiceText, natRange, ports, random, randomFully, withoutBase } from '../nat-range.ts';

const LOG_INFO = 6;

export const MASQUERADE = defineTarget({
  name: 'MASQUERADE',
  summary: 'translates the source of a connection to the address of the interface it leaves by',
  about:
    'The connection ends when the interface goes down or loses the address. A packet that leaves by an interface ' +
    'without an address is dropped.',
  source: 'net/netfilter/nf_nat_masquerade.c nf_nat_masquerade_ipv4, nf_nat_masquerade_ipv6',
  table: 'nat',
  hooks: [POSTROUTING],
  options: {
    'to-ports': option(ports, { help: 'The ports to choose from.' }),
    random,
    'random-fully': randomFully,
  },
  terminal: true,
  settle(values) {
    const { 'to-ports': to } = values;
    return to ? { ...values, 'to-ports': { ...to, value: withoutBase(to.value) } } : values;
  },
  list(values, context) {
    const { 'to-ports': to } = values;
    return `${to ? ` masq ports: ${ports.print(to.value, context)}` : ''}${choiceText(values)}`;
  },
  create(values, environment) {
    track(environment);
    const { translation, services } = environment;
    const { 'to-ports': to } = values;
    const range = natRange(to ? { ports: to.value } : {}, values);
    return (packet, { outDevice }) => {
      const connection = connectionOf(packet);
      if (connection === undefined) return DROP;
      // A host that has no address yet asks for one (DHCP).
      if (packet.family === 4 && connection.original.src0 === 0) return ACCEPT;
      const address = services.sourceAddress(packet, outDevice);
      if (address === undefined) {
        if (packet.family === 4) {
          services.log(LOG_INFO, `${services.interfaces.nameOf(outDevice)} ate my IP address`);
        }
        return DROP;
      }
      return translation.masquerade(connection, range, address, outDevice, packet);
    };
  },
});
