import { DESTINATION } from '../../nat/range.ts';
import { OUTPUT, PREROUTING } from '../../netfilter/constants.ts';
import { defineTarget, option } from '../extension.ts';
import { NO_RANGE, natRange, printRange } from '../nat-range.ts';
import { listFlags, rangeFlags, translate } from '../nat-target.ts';
import { flag } from '../values.ts';

export const DNAT = defineTarget({
  name: 'DNAT',
  revision: 2,
  summary: 'translates the destination address of the connection',
  about:
    'Of several addresses a fixed hash of both ends chooses; of several ports the first that is free. With a base ' +
    'port behind a slash, ports are shifted: the base becomes the first port of the range.',
  source: 'net/netfilter/xt_nat.c xt_dnat_target_v2',
  table: 'nat',
  hooks: [PREROUTING, OUTPUT],
  options: {
    'to-destination': option(natRange(true), {
      aliases: ['to'],
      required: true,
      help: 'Addresses and ports to choose from.',
    }),
    random: option(flag, { help: 'The port is chosen at random.' }),
    persistent: option(flag, { help: 'A client gets the same address every time.' }),
  },
  terminal: true,
  list(values, { family }) {
    return ` to:${printRange(values['to-destination']?.value ?? NO_RANGE, family)}${listFlags(values)}`;
  },
  create(values, environment) {
    const given = values['to-destination']?.value ?? NO_RANGE;
    const range = { ...given, flags: given.flags | rangeFlags(values) };
    return translate(
      environment,
      () => DESTINATION,
      () => range,
    );
  },
});
