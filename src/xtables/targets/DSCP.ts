import { CONTINUE, defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readTos, writeTos } from '../tos.ts';
import { integer } from '../values.ts';

/** Classes by name (RFC 2474, RFC 2597, RFC 3246). */
const CLASSES: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 8 }, (_, i): [string, number] => [`CS${i}`, i << 3]),
  ['BE', 0],
  ...[1, 2, 3, 4].flatMap((i) => [1, 2, 3].map((j): [string, number] => [`AF${i}${j}`, (i << 3) | (j << 1)])),
  ['EF', 0x2e],
]);

const print = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const dscpClass: ValueType<number> = {
  syntax: 'class',
  argument: 'required',
  choices: [...CLASSES.keys()],
  parse(given) {
    // What stands behind a class's name does not matter to the real tool.
    const wanted = given.toUpperCase();
    for (const [name, value] of CLASSES) if (wanted.startsWith(name)) return value;
    throw new Problem(`Invalid DSCP value \`${given}'`);
  },
  print,
};

export const DSCP = defineTarget({
  name: 'DSCP',
  summary: 'sets the differentiated services code point',
  source: 'net/netfilter/xt_DSCP.c dscp_tg, dscp_tg6',
  table: 'mangle',
  options: {
    'set-dscp': option(
      { ...integer(0, 63), print },
      { excludes: ['set-dscp-class'], help: 'The code point, 0 to 63.' },
    ),
    'set-dscp-class': option(dscpClass, {
      excludes: ['set-dscp'],
      help: 'The code point of a class: BE, EF, CS0 to CS7, AF11 to AF43.',
    }),
  },
  terminal: false,
  settle(values) {
    const given = values['set-dscp'] ?? values['set-dscp-class'];
    if (!given) throw new Problem('DSCP target: Parameter --set-dscp is required');
    return { 'set-dscp': given };
  },
  list: (values) => ` DSCP set ${print(values['set-dscp']?.value ?? 0)}`,
  create(values) {
    const bits = (values['set-dscp']?.value ?? 0) << 2;
    return (packet) => {
      const before = readTos(packet);
      if ((before & 0xfc) !== bits) writeTos(packet, bits | (before & 3));
      return CONTINUE;
    };
  },
});
