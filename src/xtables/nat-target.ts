import { connectionOf } from '../conntrack/connection.ts';
import { type NatRange, RANGE, type Side } from '../nat/range.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT } from '../netfilter/verdict.ts';
import { track } from './connection-state.ts';
import type { Environment, TargetFunction } from './extension.ts';
import type { Place } from './place.ts';

/** Flags by the option that sets them, in the order in which they are printed. */
const FLAGS = [
  ['random', RANGE.PROTO_RANDOM],
  ['random-fully', RANGE.PROTO_RANDOM_FULLY],
  ['persistent', RANGE.PERSISTENT],
] as const;

type FlagOptions = Readonly<Partial<Record<(typeof FLAGS)[number][0], unknown>>>;

/** Bits of {@link RANGE} that the flag options set. */
export function rangeFlags(values: FlagOptions): number {
  let flags = 0;
  for (const [name, bit] of FLAGS) if (values[name]) flags |= bit;
  return flags;
}

/** ` random persistent`, for `-L`. */
export function listFlags(values: FlagOptions): string {
  return FLAGS.map(([name]) => (values[name] ? ` ${name}` : '')).join('');
}

/** A target that decides one side of the packet's connection: `range` says what it may become, or the verdict at once. */
export function translate(
  environment: Environment,
  side: (place: Place) => Side,
  range: (packet: Packet, place: Place) => NatRange | number,
): TargetFunction {
  track(environment);
  const { translation } = environment;
  return (packet, place) => {
    const connection = connectionOf(packet);
    if (connection === undefined) return ACCEPT;
    const chosen = range(packet, place);
    return typeof chosen === 'number' ? chosen : translation.setup(connection, chosen, side(place), packet);
  };
}
