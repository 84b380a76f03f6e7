import { connectionOf } from '../../conntrack/connection.ts';
import { DESTINATION } from '../../nat/range.ts';
import { OUTPUT, PREROUTING } from '../../netfilter/constants.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { track } from '../connection-state.ts';
import { defineTarget, option } from '../extension.ts';
import { choiceText, ends, natRange, persistent, random } from '../nat-range.ts';

export const DNAT = defineTarget({
  name: 'DNAT',
  revision: 2,
  summary: 'translates the destination of a connection to an address of a range',
  about:
    'Asked about the first packet of a connection; the others follow it. With a base (port-port/base) ports are ' +
    'shifted: the first port of the range stands for the base.',
  source: 'net/netfilter/xt_nat.c xt_dnat_target_v2',
  table: 'nat',
  hooks: [PREROUTING, OUTPUT],
  options: {
    'to-destination': option(
      { ...ends, syntax: '[address[-address]][:port[-port[/base]]]' },
      { required: true, help: 'The addresses and ports to choose from.' },
    ),
    random,
    persistent,
  },
  terminal: true,
  list: (values, context) =>
    ` to:${ends.print(values['to-destination']?.value ?? {}, context)}${choiceText(values)}`,
  create(values, environment) {
    track(environment);
    const { translation } = environment;
    const range = natRange(values['to-destination']?.value ?? {}, values);
    return (packet) => {
      const connection = connectionOf(packet);
      return connection === undefined ? DROP : translation.setup(connection, range, DESTINATION, packet);
    };
  },
});
