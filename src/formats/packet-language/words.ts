import type { PacketWords } from '../../journey/journey.ts';
import { dissectPacket } from './dissect.ts';
import { printFrame, printPacket, summarizeFrame, summarizePacket } from './print.ts';

/** The packet language as journeys want it: `recordJourneys(host, packetWords)`. */
export const packetWords: PacketWords = {
  dissectPacket,
  printFrame,
  printPacket,
  summarizeFrame,
  summarizePacket,
};
