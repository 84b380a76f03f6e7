import type { Command } from 'commander';
import { hostFromFile } from './host-file.ts';
import { type Ordered, orderedArguments, wordsOf } from './ordered-arguments.ts';
import { outputWidth, readColorChoice, wantsColor } from './paint.ts';
import { UserProblem } from './problem.ts';
import { Carrier, type CarrierOptions } from './trace-carrier.ts';
import { type Entrance, type Input, readInputs, type Selection } from './trace-inputs.ts';
import { JsonOutput, type Output, TextOutput } from './trace-output.ts';

const HELP = `
A PACKET is one argument (quote it: it has a '>' in it), and may be
  a line of the packet language   'tcp 198.51.100.7:40000 > 203.0.113.1:80 syn'
                                  'udp 10.0.0.1:5353 > 224.0.0.251:5353 ttl 255 "payload text"'
                                  'icmp 192.0.2.1 > 192.0.2.2 echo-request id 1 seq 2'
                                  'tcp [2001:db8::1]:40000 > [2001:db8::2]:443 psh,ack seq 7 ack 9 hex:1603'
  hex digits                      of a whole frame, or of a bare IP packet
  a file                          a capture (pcap or pcapng, also gzip), or a text with a packet on each line; - is
                                  standard input
What a packet does not say is as usual: TTL 64, lengths and checksums right, the frame addressed to the device, from
the neighbour that has the source address (or is the way to it). Every header field has a word:
ttl, tos, id, df, mf, offset, options, seq, ack, window, mss, checksum 0xdead, ip.checksum, vlan, src-mac, dst-mac, …;
an unknown word is answered by those that there are.

--in, --send and --wait apply to the packets behind them, so one line can tell a story:
  fivehooks trace --host router.yaml --in lan0 'tcp 10.0.0.5:1234 > 203.0.113.9:80 syn' \\
                                     --in wan0 'tcp 203.0.113.9:80 > 10.0.0.5:1234 syn,ack'
Of a capture, frames that the device itself sent are left out; time passes between records as it did.

Exit status: 0 if every packet was carried (whatever became of it), 1 if a file cannot be read or is wrong, 2 if the
command line is wrong.`;

interface Options {
  readonly host: string;
  readonly json?: true;
  readonly verbose?: true;
  readonly summary?: true;
  readonly color: ReturnType<typeof readColorChoice>;
  readonly log?: string;
  readonly count?: number;
  readonly packet?: Selection['numbers'];
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly mark: number;
}

export function define(command: Command): void {
  const id = (name: string) => (text: string) => wholeNumber(name, text);
  command
    .usage('--host HOST --in DEV PACKET...')
    .argument('<packet...>', 'packets, captures, or files of packets')
    .requiredOption('--host <file>', 'the host: YAML or JSON with the fields of a scenario’s "host"')
    .option('--in <device>', 'the packets behind it arrive at this device (if left out: at the only one)')
    .option('--send', 'the packets behind it are sent by a local process')
    .option('--wait <seconds>', 'then time passes')
    .option('--uid <number>', 'user of the local process', id('uid'), 0)
    .option('--gid <number>', 'group of the local process', id('gid'), 0)
    .option(
      '--groups <numbers>',
      'supplementary groups of the local process: 27,100',
      (text) => text.split(',').map(id('groups')),
      [],
    )
    .option('--mark <number>', 'firewall mark of the local process’s socket (SO_MARK)', id('mark'), 0)
    .option(
      '--count <number>',
      'at most so many records of each capture',
      id('count'),
      Number.POSITIVE_INFINITY,
    )
    .option('--packet <numbers>', 'records of captures by their number: 7, 3-5 or 1,4,9-', readNumbers)
    .option('--log <file>', 'append the lines of the kernel log to this file')
    .option('--verbose', 'every rule that was asked, every field that changed, packets in full')
    .option('--summary', 'no journeys, only what became of how many')
    .option('--json', 'a JSON object on each line: one for each packet, at last the summary')
    .option('--color <when>', 'auto, always or never; NO_COLOR is obeyed', readColorChoice, 'auto')
    .addHelpText('after', HELP)
    .action(async (_packets: string[], options: Options) => {
      await trace(orderedArguments(command, wordsOf(command)), options);
    });
}

/** Carries the packets of a command line through a host and prints their journeys. */
export async function trace(words: readonly Ordered[], options: Options): Promise<void> {
  const carrierOptions: CarrierOptions = {
    ...(options.log === undefined ? {} : { log: options.log }),
    sender: { uid: options.uid, gid: options.gid, groups: options.groups, mark: options.mark },
  };
  const carrier = new Carrier(carrierOptions);
  const host = await hostFromFile(options.host, carrier.hostOptions);
  const devices = host.interfaces
    .list()
    .filter(({ loopback }) => !loopback)
    .map(({ name }) => name);
  const inputs = readAll(words, options, devices, (name) => host.interfaces.get(name) !== undefined);
  const output: Output = options.json
    ? new JsonOutput()
    : new TextOutput({
        verbose: options.verbose === true,
        journeys: !options.summary,
        color: wantsColor(options.color),
        width: outputWidth(),
        several: inputs.length > 1,
      });
  carrier.carry(host, inputs, output);
}

/** Every packet of the command line is read before the first one is carried. */
function readAll(
  words: readonly Ordered[],
  options: Options,
  devices: readonly string[],
  exists: (device: string) => boolean,
): Input[] {
  const selection = { count: options.count ?? Number.POSITIVE_INFINITY, numbers: options.packet };
  let at = onlyEntrance(words, devices);
  let count = 0;
  const inputs: Input[] = [];
  for (const word of words) {
    if (word.kind === 'argument') {
      count++;
      if (!at)
        throw new UserProblem(
          `where does packet ${count} arrive? --in DEVICE; there are ${devices.join(', ')}`,
          2,
        );
      inputs.push(...readInputs(word.value, at, count, selection));
    } else if (word.name === 'in') {
      const device = word.value ?? '';
      if (!exists(device)) {
        throw new UserProblem(`--in ${device}: the host has no such device; it has ${devices.join(', ')}`, 2);
      }
      at = { device };
    } else if (word.name === 'send') {
      at = 'send';
    } else if (word.name === 'wait') {
      inputs.push({ kind: 'wait', seconds: readSeconds(word.value ?? '') });
    }
  }
  return byTime(inputs);
}

/** Where packets come in before the first --in or --send: there is only one, or only one device. */
function onlyEntrance(words: readonly Ordered[], devices: readonly string[]): Entrance | undefined {
  const entrances = words.filter(
    (word) => word.kind === 'option' && (word.name === 'in' || word.name === 'send'),
  );
  const [first] = entrances;
  if (entrances.length === 1 && first?.kind === 'option') {
    return first.name === 'send' ? 'send' : { device: first.value ?? '' };
  }
  return entrances.length === 0 && devices.length === 1 ? { device: devices[0]! } : undefined;
}

/** Captures of several devices are told as one story: records follow one another by their time. */
function byTime(inputs: readonly Input[]): Input[] {
  const isCaptured = inputs.every(({ kind }) => kind === 'frame');
  if (!isCaptured) return [...inputs];
  const time = (input: Input): number =>
    input.kind === 'frame' ? input.frame.seconds * 1e6 + input.frame.nanoseconds / 1e3 : 0;
  return [...inputs].sort((a, b) => time(a) - time(b));
}

function wholeNumber(name: string, text: string): number {
  const value = /^(0x[0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 0xffffffff)) throw new UserProblem(`--${name} ${text}: must be 0 to 4294967295`, 2);
  return value;
}

function readSeconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) > 1e9) {
    throw new UserProblem(`--wait ${text}: must be seconds, as in 1.5`, 2);
  }
  return Number(text);
}

function readNumbers(text: string): (readonly [number, number])[] {
  return text.split(',').map((part) => {
    const match = /^(\d+)(-(\d*))?$/.exec(part);
    const first = Number(match?.[1]);
    const last =
      match?.[2] === undefined ? first : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (!match || first < 1 || last < first) {
      throw new UserProblem(`--packet ${text}: must be record numbers, as in 7 or 3-5 or 1,4,9-`, 2);
    }
    return [first, last] as const;
  });
}
