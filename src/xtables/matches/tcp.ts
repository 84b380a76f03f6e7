import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, type Given, option, type PrintContext, type ValueType } from '../extension.ts';
import { tcpFlagNames, transportHeader } from '../fields.ts';
import type { Place } from '../place.ts';
import { listPorts, portRange } from '../ports.ts';
import { Problem } from '../problem.ts';
import { flag, type Masked, unsigned } from '../values.ts';

const FLAG_BITS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

/** `SYN,ACK`, also ALL and NONE, in any case. */
function parseFlags(list: string): number {
  let bits = 0;
  for (const name of list.split(',').filter((part) => part !== '')) {
    const upper = name.toUpperCase();
    const bit = FLAG_BITS.indexOf(upper);
    if (bit >= 0) bits |= 1 << bit;
    else if (upper === 'ALL') bits |= 0x3f;
    else if (upper !== 'NONE') throw new Problem(`Unknown TCP flag \`${name}'`);
  }
  return bits;
}

const tcpFlags: ValueType<Masked> = {
  syntax: 'mask comp',
  argument: 'required',
  choices: [...FLAG_BITS, 'ALL', 'NONE'],
  parse(mask, context) {
    const wanted = context.peek();
    if (wanted === undefined || /^[-!]/.test(wanted)) {
      throw new Problem('--tcp-flags requires two args.');
    }
    context.take();
    return { mask: parseFlags(mask), value: parseFlags(wanted) };
  },
  print: ({ value, mask }) => `${tcpFlagNames(mask)} ${tcpFlagNames(value)}`,
};

const optionNumber: ValueType<number> = {
  syntax: 'number',
  argument: 'required',
  parse(given) {
    const value = unsigned(given, 1, 255);
    if (value === undefined) throw new Problem(`Bad TCP option "${given}"`);
    return value;
  },
  print: (value) => String(value),
};

/**
 * Where a TCP option stands: true, false, or 'malformed' if the header is cut off. A later fragment has none.
 * (net/netfilter/xt_tcpudp.c tcp_find_option)
 */
function hasOption(packet: Packet, at: number, wanted: number): boolean {
  const end = at + (packet.bytes[at + 12]! >> 4) * 4;
  for (let i = at + 20; i < end; ) {
    const kind = packet.bytes[i]!;
    if (kind === wanted) return true;
    i += kind < 2 ? 1 : packet.bytes[i + 1]! || 1;
  }
  return false;
}

const FLAGS_ONCE = "Only one of `--syn' or `--tcp-flags'  allowed";
const SYN_ONLY: Masked = { mask: 0x17, value: 0x02 };

export const tcp = defineMatch({
  name: 'tcp',
  summary: 'ports, flags and options of TCP',
  about:
    'A fragment that would overwrite the TCP header (offset 1), or a header that is cut off, is dropped. Later ' +
    'fragments have no ports and never match.',
  source: 'net/netfilter/xt_tcpudp.c tcp_mt',
  protocol: 6,
  requires: 'tcp.header',
  testOrder: ['source-port', 'destination-port', 'tcp-flags', 'tcp-option'],
  options: {
    'source-port': portRange('tcp.sport', {
      aliases: ['sport'],
      saveAs: 'sport',
      help: 'Source port or ports.',
    }),
    'destination-port': portRange('tcp.dport', {
      aliases: ['dport'],
      saveAs: 'dport',
      help: 'Destination port or ports.',
    }),
    'tcp-option': option(optionNumber, {
      invert: true,
      repeated: "Only one `--tcp-option' allowed",
      help: 'A TCP option of this number is there.',
      test: ({ value, inverted }) => ({
        run: (packet, place) => tcpOptionTest(packet, place, value, inverted),
        explain: (packet, place) => tcpOptionList(packet, place),
      }),
    }),
    'tcp-flags': option(tcpFlags, {
      invert: true,
      repeated: FLAGS_ONCE,
      help: 'Of the flags in mask exactly those in comp are set.',
      omit: hidesFlags,
      test: ({ value: { value, mask }, inverted }) => ({
        field: 'tcp.flags',
        mask,
        ranges: [[value, value]],
        inverted,
      }),
    }),
    syn: option(flag, {
      invert: true,
      repeated: FLAGS_ONCE,
      help: 'SYN is set; RST, ACK and FIN are not.',
    }),
  },
  settle(values) {
    if (!values.syn && !values['tcp-flags']) return values;
    const { syn, 'tcp-flags': flags, ...rest } = values;
    // Neither mask nor flags: the kernel cannot tell it from a rule without the option.
    if (!syn)
      return flags && !flags.inverted && flags.value.mask === 0 && flags.value.value === 0 ? rest : values;
    if (flags) throw new Problem(FLAGS_ONCE);
    return { ...rest, 'tcp-flags': { value: SYN_ONLY, inverted: syn.inverted } };
  },
  list(values, context: PrintContext) {
    const number = values['tcp-option'];
    const flags = values['tcp-flags'];
    return (
      ' tcp' +
      listPorts('spt', values['source-port'], context) +
      listPorts('dpt', values['destination-port'], context) +
      (number ? ` option=${number.inverted ? '!' : ''}${number.value}` : '') +
      (flags && !hidesFlags(flags)
        ? ` flags:${flags.inverted ? '!' : ''}${listFlags(flags.value, context)}`
        : '')
    );
  },
});

/** With an empty mask the real tool shows nothing, though flags to compare with can never be there. */
function hidesFlags({ value, inverted }: Given<Masked>): boolean {
  return value.mask === 0 && !inverted;
}

function listFlags({ value, mask }: Masked, { numeric }: PrintContext): string {
  const two = (bits: number) => `0x${bits.toString(16).toUpperCase().padStart(2, '0')}`;
  return numeric ? `${two(mask)}/${two(value)}` : `${tcpFlagNames(mask)}/${tcpFlagNames(value)}`;
}

function tcpOptionTest(packet: Packet, place: Place, wanted: number, inverted: boolean): boolean {
  const at = transportHeader(packet, place, 20, true);
  if (at < 0) return false;
  const length = (packet.bytes[at + 12]! >> 4) * 4;
  if (length < 20 || at + length > packet.end) {
    place.drop = true;
    return false;
  }
  return hasOption(packet, at, wanted) !== inverted;
}

function tcpOptionList(packet: Packet, place: Place): string {
  const at = transportHeader(packet, place, 20, true);
  if (at < 0) return 'no TCP header';
  const end = Math.min(at + (packet.bytes[at + 12]! >> 4) * 4, packet.end);
  const kinds: number[] = [];
  for (let i = at + 20; i < end && kinds.length < 40; ) {
    const kind = packet.bytes[i]!;
    kinds.push(kind);
    i += kind < 2 ? 1 : packet.bytes[i + 1]! || 1;
  }
  return kinds.length > 0 ? `options ${kinds.join(',')}` : 'no options';
}
