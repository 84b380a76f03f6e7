import { packetWords, parsePacket } from '../formats/packet-language/index.ts';
import type { Packet } from '../netfilter/packet.ts';
import { PacketPool } from '../netfilter/pool.ts';
import { JourneyRecorder } from './recorder.ts';

/** A recorder with packets to tell it about; interfaces are lan0 (1) and wan0 (2). */
export class Stage {
  readonly recorder = new JourneyRecorder(
    {
      nameOf: (device) => ['', 'lan0', 'wan0'][device] ?? '',
      now: () => 5_000_000,
      counters: (_family, _table, _chain, number) => ({ packets: number, bytes: number * 100 }),
    },
    packetWords,
  );
  readonly #pool = new PacketPool();

  /** A packet as it would have come in: behind an Ethernet header. */
  packet(text: string, cause = 0): Packet {
    const packet = this.#pool.acquire();
    const frame = parsePacket(text).frame();
    packet.link = packet.network - 14;
    packet.resize(frame.length - 14);
    packet.bytes.set(frame, packet.link);
    packet.transport = packet.network + 20;
    packet.cause = cause;
    return packet;
  }

  ipOnly(text: string, cause = 0): Packet {
    const packet = this.packet(text, cause);
    packet.link = -1;
    return packet;
  }
}
