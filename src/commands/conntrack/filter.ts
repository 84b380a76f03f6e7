import type { Connection } from '../../conntrack/connection.ts';
import { destinationBytes, sourceBytes, type Tuple } from '../../conntrack/tuple.ts';
import { isTranslated } from './print.ts';
import type { Request } from './request.ts';

/** Whether an entry is one of those that a command line means. `updating`: what is set anew does not choose. */
export function fits(connection: Connection, request: Request, updating = false): boolean {
  const { original, reply } = connection;
  const { family, protocol, addresses } = request;
  if (family !== undefined && original.family !== family) return false;
  if (protocol && original.protocol !== protocol.protocol) return false;
  if (!addressFits(sourceBytes(original), request, 's', '{')) return false;
  if (!addressFits(destinationBytes(original), request, 'd', '}')) return false;
  for (const [letter, bytes] of [
    ['r', sourceBytes(reply)],
    ['q', destinationBytes(reply)],
  ] as const) {
    const given = addresses.get(letter);
    if (given && !same(bytes, given.bytes)) return false;
  }
  if (!partsFit(original, request, 'orig') || !partsFit(reply, request, 'reply')) return false;
  if (!zonesFit(connection, request) || !translationFits(connection, request)) return false;
  if (!request.labels.every((bit) => ((connection.labels?.[bit >> 5] ?? 0) >>> (bit & 31)) & 1)) return false;
  return updating || metaFits(connection, request);
}

function addressFits(bytes: Uint8Array, { addresses }: Request, letter: string, maskLetter: string): boolean {
  const given = addresses.get(letter);
  if (!given) return true;
  const mask = addresses.get(maskLetter)?.bytes;
  return bytes.every((byte, i) => ((byte ^ given.bytes[i]!) & (mask?.[i] ?? 255)) === 0);
}

function same(one: Uint8Array, two: Uint8Array): boolean {
  return one.length === two.length && one.every((byte, i) => byte === two[i]);
}

/** Keys of GRE are not compared. */
function partsFit(tuple: Tuple, { values }: Request, side: 'orig' | 'reply'): boolean {
  const is = (name: string, value: number) => (values.get(name) ?? value) === value;
  if (side === 'orig') {
    const { icmpType, icmpCode, sourcePart } = tuple;
    if (!is('type', icmpType) || !is('code', icmpCode) || !is('id', sourcePart)) return false;
  }
  return is(`${side}-port-src`, tuple.sourcePart) && is(`${side}-port-dst`, tuple.destinationPart);
}

function zonesFit({ original, reply }: Connection, { zones }: Request): boolean {
  const both = original.zone === reply.zone;
  const is = (letter: string, zone: number) => (zones.get(letter) ?? zone) === zone;
  return (
    is('w', both ? original.zone : 0) && is('(', both ? 0 : original.zone) && is(')', both ? 0 : reply.zone)
  );
}

function translationFits(connection: Connection, { options, addresses, natPorts }: Request): boolean {
  const { original, reply } = connection;
  const is = (letter: 'n' | 'g'): boolean => {
    const side = letter === 'n' ? 'source' : 'destination';
    const bytes = letter === 'n' ? destinationBytes(reply) : sourceBytes(reply);
    const [part, before] =
      letter === 'n'
        ? [reply.destinationPart, original.sourcePart]
        : [reply.sourcePart, original.destinationPart];
    const address = addresses.get(letter);
    const port = natPorts.get(letter);
    const translated = isTranslated(connection, side);
    const portTranslated = part !== before;
    if (!address && port === undefined) return translated || (portTranslated && translated);
    if (address && !(translated && same(bytes, address.bytes))) return false;
    return port === undefined || (portTranslated && part === port);
  };
  if (options.has('j')) return is('n') || is('g');
  return (!options.has('n') || is('n')) && (!options.has('g') || is('g'));
}

function metaFits(connection: Connection, { options, mark, status, values }: Request): boolean {
  if (mark && (connection.mark & mark.mask) >>> 0 !== mark.value) return false;
  if (options.has('u') && (connection.status & status.mask) !== status.status) return false;
  const state = values.get('state');
  return state === undefined || connection.state === state;
}
