import { connectionOf } from '../../conntrack/connection.ts';
import { SOURCE } from '../../nat/range.ts';
import { INPUT, POSTROUTING } from '../../netfilter/constants.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { track } from '../connection-state.ts';
import { defineTarget, option } from '../extension.ts';
import { choiceText, ends, natRange, persistent, random, randomFully, withoutBase } from '../nat-range.ts';

export const SNAT = defineTarget({
  name: 'SNAT',
  summary: 'translates the source of a connection to an address of a range',
  about:
    'Asked about the first packet of a connection; the others follow it. Without ports the old one is kept where it is ' +
    'free. A base of shifted ports (port-port/base) is taken but counts as 0.',
  source: 'net/netfilter/xt_nat.c xt_snat_target_v1',
  table: 'nat',
  hooks: [POSTROUTING, INPUT],
  options: {
    'to-source': option(ends, { required: true, help: 'The addresses and ports to choose from.' }),
    random,
    'random-fully': randomFully,
    persistent,
  },
  terminal: true,
  settle(values) {
    const { 'to-source': to } = values;
    if (!to?.value.ports) return values;
    return { ...values, 'to-source': { ...to, value: { ...to.value, ports: withoutBase(to.value.ports) } } };
  },
  list: (values, context) =>
    ` to:${ends.print(values['to-source']?.value ?? {}, context)}${choiceText(values)}`,
  create(values, environment) {
    track(environment);
    const { translation } = environment;
    const range = natRange(values['to-source']?.value ?? {}, values);
    return (packet) => {
      const connection = connectionOf(packet);
      return connection === undefined ? DROP : translation.setup(connection, range, SOURCE, packet);
    };
  },
});
