import { CONNTRACK } from '../conntrack/conntrack.ts';
import { describeConnection } from '../conntrack/describe.ts';
import type { Host } from '../host/host.ts';
import type { Family } from '../netfilter/constants.ts';
import { saveRule } from '../xtables/text.ts';
import type { PacketWords } from './journey.ts';
import { type Counted, JourneyRecorder, type Watched } from './recorder.ts';

/** Begins to write down the journeys of a host's packets. It stays the host's observer until another one is set. */
export function recordJourneys(host: Host, words: PacketWords): JourneyRecorder {
  const recorder = new JourneyRecorder(watched(host), words);
  host.observer = recorder;
  return recorder;
}

/** What a recorder asks of a host. */
export function watched(host: Host): Watched {
  const find = (family: Family, name: string, chainName: string) => {
    const table = host.xtables.tables(family).find((one) => one.name === name);
    const chain = table?.image.chain(chainName);
    return table && chain ? { table, chain } : undefined;
  };
  return {
    nameOf: (device) => host.interfaces.nameOf(device),
    now: () => host.timers.now,
    connection: (packet, name) =>
      name === CONNTRACK ? describeConnection(packet, host.conntrack) : undefined,
    rule(family, name, chainName, number) {
      const entry = find(family, name, chainName)?.chain.entries[number - 1];
      return entry && `-A ${chainName}${saveRule(entry.rule, host.xtables.names)}`;
    },
    counters(family, name, chainName, number): Counted | undefined {
      const found = find(family, name, chainName);
      if (!found) return undefined;
      const { table, chain } = found;
      const entry = chain.entries[number - 1];
      const { packets, bytes } = entry ? table.count(entry) : table.chainCount(chain);
      return { packets: Number(packets), bytes: Number(bytes) };
    },
  };
}
