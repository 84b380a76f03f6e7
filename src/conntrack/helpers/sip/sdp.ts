import { spells, spellsAnyCase } from '../payload.ts';
import { BAD, FOUND, NOT_THERE } from './headers.ts';
import type { SipMessage } from './message.ts';
import { type Measure, type Measured, measureDigits, measureMedia, measureSdpAddress } from './values.ts';

/** A line of a session description (RFC 4566 section 5). */
interface SdpLine {
  readonly name: string;
  /** The value stands behind it, by family. */
  readonly search?: { readonly 4: string; readonly 6: string };
  readonly measure: Measure;
}

const ADDRESS = { 4: 'IN IP4 ', 6: 'IN IP6 ' } as const;

export const VERSION: SdpLine = { name: 'v=', measure: measureDigits };
export const OWNER: SdpLine = { name: 'o=', search: ADDRESS, measure: measureSdpAddress };
export const CONNECTION: SdpLine = { name: 'c=', search: ADDRESS, measure: measureSdpAddress };
export const MEDIA: SdpLine = { name: 'm=', measure: measureMedia };

const measured: Measured = { at: 0, length: 0 };

/**
 * Looks for a line from `from` on, but not behind a line `before`; its value is `message.place`, an address is
 * `message.address`. (ct_sip_get_sdp_header)
 */
export function findSdpLine(message: SipMessage, from: number, line: SdpLine, before?: SdpLine): number {
  const { bytes, start, limit, place, address } = message;
  for (let at = start + from; at < limit; at++) {
    const byte = bytes[at];
    if (byte !== 13 && byte !== 10) continue;
    if (++at >= limit) break;
    if (byte === 13 && bytes[at] === 10 && ++at >= limit) break;
    if (before !== undefined && spellsAnyCase(bytes, at, limit, before.name)) break;
    if (!spellsAnyCase(bytes, at, limit, line.name)) continue;
    at += line.name.length;
    place.at = at - start;
    if (line.search !== undefined) {
      const search = line.search[address.family];
      at = searchLine(bytes, at, limit, search);
      if (at < 0) return BAD;
      at += search.length;
    }
    line.measure(bytes, at, limit, address, measured);
    if (measured.length === 0) return BAD;
    place.at = measured.at - start;
    place.length = measured.length;
    return FOUND;
  }
  return NOT_THERE;
}

function searchLine(bytes: Uint8Array, from: number, limit: number, text: string): number {
  const last = limit - text.length;
  for (let at = from; at < last; at++) {
    if (bytes[at] === 13 || bytes[at] === 10) return -1;
    if (spells(bytes, at, limit, text)) return at;
  }
  return -1;
}
