import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT, DROP } from '../netfilter/verdict.ts';
import type { Address } from './address.ts';
import type { BuiltTable, Line } from './commit.ts';
import type { DevicePatterns } from './devices.ts';
import { RETURN, type TargetFunction, type Test } from './extension.ts';
import { FIELDS } from './fields.ts';
import type { Place } from './place.ts';
import type { Header } from './rule.ts';
import { holds, isFieldTest } from './tests.ts';

/** What a line asks of the header, as bits. */
export const ASK = {
  SOURCE: 1,
  SOURCE_INVERTED: 2,
  DESTINATION: 4,
  DESTINATION_INVERTED: 8,
  IN: 16,
  IN_INVERTED: 32,
  OUT: 64,
  OUT_INVERTED: 128,
  PROTOCOL: 256,
  PROTOCOL_INVERTED: 512,
  FRAGMENT: 1024,
  FRAGMENT_INVERTED: 2048,
} as const;

/** What a line does. */
export const DO = { NEXT: 0, VERDICT: 1, RETURN: 2, JUMP: 3, GOTO: 4, TARGET: 5 } as const;

/** Kinds of tests. */
const RANGE = 0;
const RANGE_INVERTED = 1;
const FUNCTION = 2;

type Reader = (packet: Packet, place: Place) => number;
const READERS: readonly Reader[] = Object.values(FIELDS).map((field) => field.read);
const READER_INDEX = new Map(Object.keys(FIELDS).map((name, index) => [name, index]));

type Run = (packet: Packet, place: Place) => boolean;

/** Tests while they are gathered; then they become typed arrays. */
class TestList {
  readonly kind: number[] = [];
  readonly reader: number[] = [];
  readonly mask: number[] = [];
  readonly min: number[] = [];
  readonly max: number[] = [];

  get length(): number {
    return this.kind.length;
  }

  /** Appends a test; one that is no single range of a single field becomes a function of `functions`. */
  add(test: Test, functions: Run[]): void {
    if (isFieldTest(test) && typeof test.field === 'string' && (test.ranges?.length ?? 1) === 1) {
      const [min, max] = test.ranges?.[0] ?? [0, 0xffffffff];
      const kind = test.inverted ? RANGE_INVERTED : RANGE;
      this.#push(kind, READER_INDEX.get(test.field)!, test.mask ?? 0xffffffff, min, max);
      return;
    }
    const run: Run = isFieldTest(test)
      ? (packet, place) => holds(test, packet, place)
      : (packet, place) => test.run(packet, place);
    this.#push(FUNCTION, functions.push(run) - 1, 0, 0, 0);
  }

  #push(kind: number, reader: number, mask: number, min: number, max: number): void {
    this.kind.push(kind);
    this.reader.push(reader);
    this.mask.push(mask);
    this.min.push(min);
    this.max.push(max);
  }
}

/** A table in the form that runs: every line of every chain in typed arrays, one line after the other. */
export class Program {
  readonly asks: Uint16Array;
  /** For each line: source and its mask, destination and its mask, in words. */
  readonly addresses: Int32Array;
  readonly inPattern: Int32Array;
  readonly outPattern: Int32Array;
  readonly protocol: Uint8Array;
  /** For each line the first of its tests; one more at the end. */
  readonly testFrom: Int32Array;
  readonly act: Uint8Array;
  readonly argument: Int32Array;
  readonly targets: TargetFunction[] = [];
  readonly #testKind: Uint8Array;
  readonly #testReader: Int32Array;
  readonly #testMask: Uint32Array;
  readonly #testMin: Uint32Array;
  readonly #testMax: Uint32Array;
  readonly #functions: Run[] = [];

  constructor(built: BuiltTable, patterns: DevicePatterns) {
    const { lines, starts } = built;
    const count = lines.length;
    const words = built.image.family === 4 ? 1 : 4;
    this.asks = new Uint16Array(count);
    this.addresses = new Int32Array(count * 4 * words);
    this.inPattern = new Int32Array(count);
    this.outPattern = new Int32Array(count);
    this.protocol = new Uint8Array(count);
    this.testFrom = new Int32Array(count + 1);
    this.act = new Uint8Array(count);
    this.argument = new Int32Array(count);
    const tests = new TestList();
    for (let i = 0; i < count; i++) {
      const line = lines[i]!;
      this.testFrom[i] = tests.length;
      for (const { test } of line.tests) tests.add(test, this.#functions);
      if (line.entry) this.#header(i, line.entry.rule.header, patterns);
      this.#action(i, line, starts);
    }
    this.testFrom[count] = tests.length;
    this.#testKind = Uint8Array.from(tests.kind);
    this.#testReader = Int32Array.from(tests.reader);
    this.#testMask = Uint32Array.from(tests.mask);
    this.#testMin = Uint32Array.from(tests.min);
    this.#testMax = Uint32Array.from(tests.max);
  }

  #header(line: number, header: Header, patterns: DevicePatterns): void {
    const { source, sourceMask, destination, destinationMask, inInterface, outInterface } = header;
    const words = source.length;
    const at = line * 4 * words;
    const set = (place: number, address: Address) => {
      for (let i = 0; i < words; i++) this.addresses[at + place * words + i] = address[i]!;
    };
    let asks = 0;
    if (some(source) || some(sourceMask) || header.sourceInverted) {
      asks |= ASK.SOURCE | (header.sourceInverted ? ASK.SOURCE_INVERTED : 0);
      set(0, source);
      set(1, sourceMask);
    }
    if (some(destination) || some(destinationMask) || header.destinationInverted) {
      asks |= ASK.DESTINATION | (header.destinationInverted ? ASK.DESTINATION_INVERTED : 0);
      set(2, destination);
      set(3, destinationMask);
    }
    if (inInterface.text !== '' || inInterface.inverted) {
      asks |= ASK.IN | (inInterface.inverted ? ASK.IN_INVERTED : 0);
      this.inPattern[line] = patterns.id(inInterface.text || '+');
    }
    if (outInterface.text !== '' || outInterface.inverted) {
      asks |= ASK.OUT | (outInterface.inverted ? ASK.OUT_INVERTED : 0);
      this.outPattern[line] = patterns.id(outInterface.text || '+');
    }
    if (header.hasProtocol && (words > 1 || header.protocol !== 0)) {
      asks |= ASK.PROTOCOL | (header.protocolInverted ? ASK.PROTOCOL_INVERTED : 0);
      this.protocol[line] = header.protocol;
    }
    if (header.fragment || header.fragmentInverted) {
      asks |= ASK.FRAGMENT | (header.fragmentInverted ? ASK.FRAGMENT_INVERTED : 0);
    }
    this.asks[line] = asks;
  }

  #action(at: number, line: Line, starts: ReadonlyMap<string, number>): void {
    const action = line.entry?.rule.action;
    if (action === undefined) {
      this.act[at] = line.chain.hook === undefined ? DO.RETURN : DO.VERDICT;
      this.argument[at] = line.chain.policy === 'ACCEPT' ? ACCEPT : DROP;
    } else if (action.kind === 'chain') {
      this.act[at] = action.goto ? DO.GOTO : DO.JUMP;
      this.argument[at] = starts.get(action.chain)!;
    } else if (action.kind === 'target') {
      const { verdict } = action.extension;
      if (verdict === undefined) {
        this.act[at] = DO.TARGET;
        this.argument[at] = this.targets.push(line.target!) - 1;
      } else {
        this.act[at] = verdict === RETURN ? DO.RETURN : DO.VERDICT;
        this.argument[at] = verdict;
      }
    }
  }

  /** All tests of a line hold. */
  testsHold(line: number, packet: Packet, place: Place): boolean {
    const to = this.testFrom[line + 1]!;
    for (let test = this.testFrom[line]!; test < to; test++) {
      const kind = this.#testKind[test]!;
      if (kind === FUNCTION) {
        if (!this.#functions[this.#testReader[test]!]!(packet, place)) return false;
        continue;
      }
      const value = READERS[this.#testReader[test]!]!(packet, place);
      if (value < 0) {
        if (value < -1) place.drop = true;
        return false;
      }
      const counted = (value & this.#testMask[test]!) >>> 0;
      const inside = counted >= this.#testMin[test]! && counted <= this.#testMax[test]!;
      if (inside === (kind === RANGE_INVERTED)) return false;
    }
    return true;
  }
}

function some(address: Address): boolean {
  for (const word of address) if (word !== 0) return true;
  return false;
}
