import type { SipAddress } from '../../conntrack/helpers/sip/address.ts';
import { CONTENT_LENGTH, FOUND, findHeader, NOT_THERE } from '../../conntrack/helpers/sip/headers.ts';
import type { SipMessage } from '../../conntrack/helpers/sip/message.ts';
import { CONNECTION, findSdpLine, MEDIA, OWNER, VERSION } from '../../conntrack/helpers/sip/sdp.ts';
import { tcpHeaderLength } from '../../wire/tcp.ts';
import { UDP_LENGTH } from '../../wire/udp.ts';
import { asciiBytes, mangleTcp, mangleUdp } from './mangle.ts';

const TCP = 6;

/** Replaces a part of a message. What follows in the segment's stream moves when the whole segment has been read. */
export function mangleMessage(message: SipMessage, at: number, length: number, text: string): boolean {
  const { offset, packet, start } = message;
  const bytes = asciiBytes(text);
  const place = start + at - offset;
  const done =
    message.connection.original.protocol === TCP
      ? mangleTcp(message, place - tcpHeaderLength(packet.bytes, offset), length, bytes, false)
      : mangleUdp(message, place - UDP_LENGTH, length, bytes);
  if (done) message.length += bytes.length - length;
  return done;
}

/** `203.0.113.1:5060`, `[2001:db8::1]:5060`. */
export function endpointText(address: SipAddress, port: number): string {
  return address.family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}

/** Content-Length as it has become. */
function setContentLength(message: SipMessage): boolean {
  const { place } = message;
  if (findSdpLine(message, 0, VERSION) !== FOUND) return false;
  const length = message.length - place.at + 'v='.length;
  if (findHeader(message, 0, CONTENT_LENGTH) !== FOUND) return false;
  return mangleMessage(message, place.at, place.length, String(length));
}

/** The address of the medium that is described at `media`. */
export function setMediaAddress(message: SipMessage, media: number, address: SipAddress): boolean {
  const { place } = message;
  if (findSdpLine(message, media, CONNECTION, MEDIA) !== FOUND) return false;
  if (!mangleMessage(message, place.at, place.length, String(address))) return false;
  return setContentLength(message);
}

export function setMediaPort(message: SipMessage, at: number, length: number, port: number): boolean {
  return mangleMessage(message, at, length, String(port)) && setContentLength(message);
}

/** Owner and connection of the whole session; it need not have the latter. */
export function setSessionAddresses(message: SipMessage, description: number, address: SipAddress): boolean {
  const { place } = message;
  const text = String(address);
  if (findSdpLine(message, description, OWNER, MEDIA) !== FOUND) return false;
  if (!mangleMessage(message, place.at, place.length, text)) return false;
  const found = findSdpLine(message, description, CONNECTION, MEDIA);
  if (found > NOT_THERE && !mangleMessage(message, place.at, place.length, text)) return false;
  return setContentLength(message);
}
