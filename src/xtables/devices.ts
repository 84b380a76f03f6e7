import type { Interfaces } from '../netfilter/services.ts';

/**
 * Names of interfaces that rules ask for, each decided once for every interface: rules compare an index, not text. Decided
 * anew when an interface comes, goes or is renamed.
 */
export class DevicePatterns {
  readonly #interfaces: Interfaces;
  readonly #texts: string[] = [];
  readonly #ids = new Map<string, number>();
  /** By pattern, then by interface: 0 not decided, 1 no, 2 yes. */
  #answers: Uint8Array[] = [];
  #generation = -1;

  constructor(interfaces: Interfaces) {
    this.#interfaces = interfaces;
  }

  /** Number of a pattern (`eth0`, `eth+`). */
  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#texts.push(text) - 1;
      this.#ids.set(text, id);
      this.#answers.push(new Uint8Array(16));
    }
    return id;
  }

  /** Gives the patterns of another host the same numbers here, where there are none yet. */
  borrow(lent: DevicePatterns): void {
    for (const text of lent.#texts) this.id(text);
  }

  /** The interface (0: none) has a name that fits. */
  fits(id: number, device: number): boolean {
    if (this.#generation !== this.#interfaces.generation) {
      this.#generation = this.#interfaces.generation;
      this.#answers = this.#texts.map(() => new Uint8Array(16));
    }
    const answers = this.#answers[id]!;
    const known = device < answers.length ? answers[device] : 0;
    if (known) return known === 2;
    const fits = fitsPattern(this.#texts[id]!, device === 0 ? '' : this.#interfaces.nameOf(device));
    if (device < 65536) {
      let room = answers;
      if (device >= answers.length) {
        room = new Uint8Array(device * 2);
        room.set(answers);
        this.#answers[id] = room;
      }
      room[device] = fits ? 2 : 1;
    }
    return fits;
  }
}

/** `eth+` fits every name that begins with eth; without `+` the whole name counts. */
export function fitsPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
