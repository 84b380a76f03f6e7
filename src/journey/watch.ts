import { CONNTRACK } from '../conntrack/conntrack.ts';
import { describeConnection } from '../conntrack/describe.ts';
import type { Host } from '../host/host.ts';
import type { PacketWords } from './journey.ts';
import { type Counted, JourneyRecorder } from './recorder.ts';

/** Begins to write down the journeys of a host's packets. It stays the host's observer until another one is set. */
export function recordJourneys(host: Host, words: PacketWords): JourneyRecorder {
  const recorder = new JourneyRecorder(
    {
      nameOf: (device) => host.interfaces.nameOf(device),
      now: () => host.timers.now,
      connection: (packet, name) =>
        name === CONNTRACK ? describeConnection(packet, host.conntrack) : undefined,
      counters(family, name, chainName, number): Counted | undefined {
        const table = host.xtables.tables(family).find((one) => one.name === name);
        const chain = table?.image.chain(chainName);
        if (!table || !chain) return undefined;
        const entry = chain.entries[number - 1];
        const { packets, bytes } = entry ? table.count(entry) : table.chainCount(chain);
        return { packets: Number(packets), bytes: Number(bytes) };
      },
    },
    words,
  );
  host.observer = recorder;
  return recorder;
}
