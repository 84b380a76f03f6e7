import type { Packet } from '../netfilter/packet.ts';
import { updateChecksum16 } from '../wire/checksum.ts';
import { CONTINUE, defineTarget, option, type Target, type Values } from './extension.ts';
import { Problem } from './problem.ts';
import { integer } from './values.ts';

/** What differs between the targets TTL and HL. */
interface HopTarget {
  readonly name: string;
  readonly family: 4 | 6;
  readonly summary: string;
}

const IPV4_CHECKSUM = 10;

/** Changes the time to live or hop limit, and the IPv4 header's checksum with it. */
function write({ bytes, network, family }: Packet, value: number): void {
  const at = network + (family === 4 ? 8 : 7);
  const before = bytes[at]!;
  if (before === value) return;
  bytes[at] = value;
  if (family === 6) return;
  const sum = network + IPV4_CHECKSUM;
  const updated = updateChecksum16((bytes[sum]! << 8) | bytes[sum + 1]!, before << 8, value << 8);
  bytes[sum] = updated >> 8;
  bytes[sum + 1] = updated;
}

/** A target that sets, lowers or raises how many hops a packet has left. */
export function hopTarget({ name, family, summary }: HopTarget): Target {
  const lower = name.toLowerCase();
  const set = `${lower}-set`;
  const decrement = `${lower}-dec`;
  const increment = `${lower}-inc`;
  const options = {
    [set]: option(integer(0, 255), { excludes: [increment, decrement], help: 'Sets it.' }),
    [decrement]: option(integer(1, 255), {
      excludes: [set, increment],
      help: 'Lowers it, to 0 at the least.',
    }),
    [increment]: option(integer(1, 255), {
      excludes: [set, decrement],
      help: 'Raises it, to 255 at the most.',
    }),
  };
  return defineTarget({
    name,
    families: [family],
    summary,
    source: `net/netfilter/xt_HL.c ${family === 4 ? 'ttl_tg' : 'hl_tg6'}`,
    table: 'mangle',
    options,
    terminal: false,
    settle(values: Values<typeof options>) {
      if (Object.keys(values).length === 0) throw new Problem(`${name}: You must specify an action`);
      return values;
    },
    list(values: Values<typeof options>) {
      const given = values[set];
      if (given) return ` ${name} set to ${given.value}`;
      const less = values[decrement];
      return less
        ? ` ${name} decrement by ${less.value}`
        : ` ${name} increment by ${values[increment]?.value ?? 0}`;
    },
    create(values: Values<typeof options>) {
      const fixed = values[set]?.value;
      const change = (values[increment]?.value ?? 0) - (values[decrement]?.value ?? 0);
      const field = family === 4 ? 8 : 7;
      return (packet) => {
        const now = packet.bytes[packet.network + field]!;
        write(packet, fixed ?? Math.min(255, Math.max(0, now + change)));
        return CONTINUE;
      };
    },
  });
}
