import { CONTINUE, defineTarget, option, type Values, type ValueType } from '../extension.ts';
import { formatPacketLog } from '../log-line.ts';
import { Problem } from '../problem.ts';
import { flag, readPositive, text } from '../values.ts';

/** As `-L` names them without `-n`. */
const LISTED_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [1, 'tcp-sequence'],
  [2, 'tcp-options'],
  [4, 'ip-options'],
  [8, 'uid'],
  [32, 'macdecode'],
];
/** Levels of syslog by their number. */
const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];
const OTHER_NAMES: Readonly<Record<string, number>> = { panic: 0 };
const DEFAULT_LEVEL = 4;
/** LOG's field for the prefix has room for one more byte, the end of the text. */
const LONGEST_PREFIX = 29;

const level: ValueType<number> = {
  syntax: 'level',
  argument: 'required',
  choices: LEVELS,
  parse(given) {
    const named = given === '' ? -1 : LEVELS.indexOf(given);
    if (named >= 0) return named;
    const other = OTHER_NAMES[given.toLowerCase()];
    if (other !== undefined) return other;
    const number = readPositive(given);
    if (number && number.rest === '' && number.value < BigInt(LEVELS.length)) return Number(number.value);
    throw new Problem(`log level "${given}" unknown\n`);
  },
  print: String,
};

const prefix: ValueType<string> = {
  ...text(LONGEST_PREFIX, 1, 'text'),
  // A longer prefix is cut off without a word, unless a line break is in it.
  parse(given, context) {
    if (given === '') return text(LONGEST_PREFIX, 1).parse(given, context);
    if (given.includes('\n')) throw new Problem('Newlines not allowed in --log-prefix');
    return given.slice(0, LONGEST_PREFIX);
  },
};

const options = {
  'log-prefix': option(prefix, { help: 'Text in front of the line, up to 29 characters.' }),
  'log-level': option(level, {
    help: 'Level of the kernel log, by name or number; warning (4) if left out.',
    omit: ({ value }) => value === DEFAULT_LEVEL,
  }),
  'log-tcp-sequence': option(flag, { help: 'Shows sequence and acknowledgement numbers of TCP.' }),
  'log-tcp-options': option(flag, { help: 'Shows the options of the TCP header.' }),
  'log-ip-options': option(flag, {
    help: 'Shows the options of the IPv4 header, or the extension headers of IPv6.',
  }),
  'log-uid': option(flag, { help: 'Shows the user and group of a local sender.' }),
  'log-macdecode': option(flag, { help: 'Shows the Ethernet header in its parts.' }),
};

/** NF_LOG_* */
function flagBits(values: Values<typeof options>): number {
  return (
    (values['log-tcp-sequence'] ? 1 : 0) |
    (values['log-tcp-options'] ? 2 : 0) |
    (values['log-ip-options'] ? 4 : 0) |
    (values['log-uid'] ? 8 : 0) |
    (values['log-macdecode'] ? 32 : 0)
  );
}

export const LOG = defineTarget({
  name: 'LOG',
  summary: 'writes a line about the packet to the kernel log, and goes on',
  source: 'net/netfilter/xt_LOG.c log_tg, net/netfilter/nf_log_syslog.c',
  options,
  terminal: false,
  list(values, { numeric }) {
    const number = values['log-level']?.value ?? DEFAULT_LEVEL;
    const bits = flagBits(values);
    const given = values['log-prefix'];
    const how = numeric
      ? ` flags ${bits} level ${number}`
      : ` level ${LISTED_LEVELS[number]}${FLAG_NAMES.map(([bit, name]) => (bits & bit ? ` ${name}` : '')).join('')}`;
    return ` LOG${how}${given ? ` prefix "${given.value}"` : ''}`;
  },
  create(values, { services }) {
    const number = values['log-level']?.value ?? DEFAULT_LEVEL;
    const before = values['log-prefix']?.value ?? '';
    const bits = flagBits(values);
    const shown = {
      tcpSequence: (bits & 1) !== 0,
      tcpOptions: (bits & 2) !== 0,
      ipOptions: (bits & 4) !== 0,
      uid: (bits & 8) !== 0,
      macDecode: (bits & 32) !== 0,
    };
    return (packet, place) => {
      services.log(number, formatPacketLog(packet, place, before, shown, services));
      return CONTINUE;
    };
  },
});
