/**
 * Packets as people write them: `tcp 198.51.100.7:40000 > 203.0.113.1:80 syn`. Each line is one packet; what it does not
 * say is as usual (TTL 64, checksums right). README.md in this folder is the reference.
 */
export { type Dissected, dissectFrame, dissectPacket } from './dissect.ts';
export type { Macs } from './packet.ts';
export { printFrame, printPacket, summarizeFrame, summarizePacket } from './print.ts';
export { PacketLanguageError } from './problem.ts';
export { frameOf, type PacketText, parsePacket } from './text.ts';
export { packetWords } from './words.ts';
