import { connectionOf } from '../../conntrack/connection.ts';
import { POSTROUTING } from '../../netfilter/constants.ts';
import { ACCEPT, DROP } from '../../netfilter/verdict.ts';
import { track } from '../connection-state.ts';
import { defineTarget, option } from '../extension.ts';
import { NO_RANGE, natPorts, printParts } from '../nat-range.ts';
import { listFlags, rangeFlags } from '../nat-target.ts';
import { flag } from '../values.ts';

export const MASQUERADE = defineTarget({
  name: 'MASQUERADE',
  summary: 'translates the source address to that of the interface the packet leaves by',
  about: 'When the interface goes down or loses the address, the connections end.',
  source: 'net/netfilter/nf_nat_masquerade.c',
  table: 'nat',
  hooks: [POSTROUTING],
  options: {
    'to-ports': option(natPorts, { help: 'Ports to choose from.' }),
    random: option(flag, { help: 'The port is chosen at random.' }),
    'random-fully': option(flag, { help: 'The port is chosen at random.' }),
  },
  terminal: true,
  list(values) {
    const ports = values['to-ports'];
    const text = `${ports ? ` masq ports: ${printParts(ports.value)}` : ''}${listFlags(values)}`;
    return text;
  },
  create(values, environment) {
    track(environment);
    const { translation, services } = environment;
    const given = values['to-ports']?.value ?? NO_RANGE;
    const range = { ...given, flags: given.flags | rangeFlags(values) };
    return (packet, { outDevice }) => {
      const connection = connectionOf(packet);
      if (connection === undefined) return ACCEPT;
      // A source of 0.0.0.0 is one that the host has not chosen yet.
      if (packet.family === 4 && connection.original.src0 === 0) return ACCEPT;
      const address = services.sourceAddress(packet, outDevice);
      if (address === undefined) {
        if (packet.family === 4)
          services.log(6, `${services.interfaces.nameOf(outDevice)} ate my IP address`);
        return DROP;
      }
      return translation.masquerade(connection, range, address, outDevice, packet);
    };
  },
});
