import { SOURCE } from '../../nat/range.ts';
import { INPUT, POSTROUTING } from '../../netfilter/constants.ts';
import { defineTarget, option } from '../extension.ts';
import { NO_RANGE, natRange, printRange } from '../nat-range.ts';
import { listFlags, rangeFlags, translate } from '../nat-target.ts';
import { flag } from '../values.ts';

export const SNAT = defineTarget({
  name: 'SNAT',
  summary: 'translates the source address of the connection',
  about:
    'A source that has a mapping in the range gets the same again; else the address follows from a fixed hash of ' +
    'both ends, and the port stays if it is free.',
  source: 'net/netfilter/xt_nat.c xt_snat_target_v1',
  table: 'nat',
  hooks: [POSTROUTING, INPUT],
  options: {
    'to-source': option(natRange(false), {
      aliases: ['to'],
      required: true,
      help: 'Addresses and ports to choose from.',
    }),
    random: option(flag, { help: 'The port is chosen at random.' }),
    'random-fully': option(flag, { help: 'The port is chosen at random.' }),
    persistent: option(flag, { help: 'A client gets the same address for every destination.' }),
  },
  terminal: true,
  list(values, { family }) {
    return ` to:${printRange(values['to-source']?.value ?? NO_RANGE, family)}${listFlags(values)}`;
  },
  create(values, environment) {
    const given = values['to-source']?.value ?? NO_RANGE;
    const range = { ...given, flags: given.flags | rangeFlags(values) };
    return translate(
      environment,
      () => SOURCE,
      () => range,
    );
  },
});
