import type { Connection } from '../connection.ts';
import type { TupleHash } from '../hash.ts';
import { type Direction, ORIGINAL, REPLY, sameDestination, sameSourceAddress, Tuple } from '../tuple.ts';

/**
 * Which call a tunnel's other side has given, by what a GRE packet does say: PPTP's helper notes both for each direction
 * of a control connection. (net/netfilter/nf_conntrack_proto_gre.c, the keymap)
 */
export class GreCalls {
  readonly #hash: TupleHash;
  /** By the keyed hash of the destination. */
  readonly #calls = new Map<number, Tuple[]>();
  readonly #of = new Map<Connection, [Tuple | undefined, Tuple | undefined]>();

  constructor(hash: TupleHash) {
    this.#hash = hash;
  }

  /** The source's call of a packet with these addresses and this destination's call; 0 if it is not known. */
  sourceOf(tuple: Tuple): number {
    if (this.#calls.size === 0) return 0;
    const calls = this.#calls.get(this.#hash.ofDestination(tuple));
    return calls?.find((call) => agrees(call, tuple))?.sourcePart ?? 0;
  }

  /** Notes the calls of a direction. False if others have been noted for it. (nf_ct_gre_keymap_add) */
  note(master: Connection, direction: Direction, tuple: Tuple): boolean {
    let own = this.#of.get(master);
    if (own === undefined) {
      own = [undefined, undefined];
      this.#of.set(master, own);
    }
    const known = own[direction];
    if (known !== undefined) return agrees(known, tuple);
    const call = new Tuple();
    call.copyFrom(tuple);
    own[direction] = call;
    const hash = this.#hash.ofDestination(call);
    const calls = this.#calls.get(hash);
    if (calls) calls.push(call);
    else this.#calls.set(hash, [call]);
    return true;
  }

  /** Forgets the calls of a control connection. */
  forget(master: Connection): void {
    const own = this.#of.get(master);
    if (own === undefined) return;
    this.#of.delete(master);
    for (const direction of [ORIGINAL, REPLY]) {
      const call = own[direction];
      if (call === undefined) continue;
      const hash = this.#hash.ofDestination(call);
      const rest = this.#calls.get(hash)?.filter((other) => other !== call) ?? [];
      if (rest.length > 0) this.#calls.set(hash, rest);
      else this.#calls.delete(hash);
    }
  }
}

function agrees(call: Tuple, tuple: Tuple): boolean {
  return call.protocol === tuple.protocol && sameSourceAddress(call, tuple) && sameDestination(call, tuple);
}
