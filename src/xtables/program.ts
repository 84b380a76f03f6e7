import type { Packet } from '../netfilter/packet.ts';
import type { BuiltTable } from './commit.ts';
import type { TargetFunction, Test } from './extension.ts';
import { FIELDS } from './fields.ts';
import type { Place } from './place.ts';
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
export const TEST = { RANGE: 0, RANGE_INVERTED: 1, FUNCTION: 2 } as const;

type Reader = (packet: Packet, place: Place) => number;
const READERS: readonly Reader[] = Object.values(FIELDS).map((field) => field.read);

type Run = (packet: Packet, place: Place) => boolean;

/** The tests of all lines side by side. */
export interface PackedTests {
  readonly kind: Uint8Array;
  /** Which field; of a function its number. */
  readonly reader: Int32Array;
  readonly mask: Uint32Array;
  readonly min: Uint32Array;
  readonly max: Uint32Array;
}

/** What of a program holds on every host: every line of every chain in typed arrays, one line after the other. */
export interface ProgramData {
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
  readonly tests: PackedTests;
  /** For each target function its line; for each test function its line, and which of the line's tests it is. */
  readonly targetLine: readonly number[];
  readonly functionLine: readonly number[];
  readonly functionTest: readonly number[];
}

/** A table in the form that runs. */
export class Program {
  readonly asks: Uint16Array;
  readonly act: Uint8Array;
  readonly argument: Int32Array;
  readonly addresses: Int32Array;
  readonly inPattern: Int32Array;
  readonly outPattern: Int32Array;
  readonly protocol: Uint8Array;
  readonly targets: TargetFunction[];
  readonly #data: ProgramData;
  readonly #testFrom: Int32Array;
  readonly #testKind: Uint8Array;
  readonly #testReader: Int32Array;
  readonly #testMask: Uint32Array;
  readonly #testMin: Uint32Array;
  readonly #testMax: Uint32Array;
  readonly #functions: Run[];

  constructor(data: ProgramData, targets: TargetFunction[], functions: Run[]) {
    this.#data = data;
    this.asks = data.asks;
    this.act = data.act;
    this.argument = data.argument;
    this.addresses = data.addresses;
    this.inPattern = data.inPattern;
    this.outPattern = data.outPattern;
    this.protocol = data.protocol;
    this.targets = targets;
    this.#testFrom = data.testFrom;
    const { kind, reader, mask, min, max } = data.tests;
    this.#testKind = kind;
    this.#testReader = reader;
    this.#testMask = mask;
    this.#testMin = min;
    this.#testMax = max;
    this.#functions = functions;
  }

  /** The same program for a table that is borrowed: functions are looked up in its lines when they are first called. */
  borrow(built: BuiltTable): Program {
    const { targetLine, functionLine, functionTest } = this.#data;
    const targets: TargetFunction[] = targetLine.map((line, at) => (packet, place) => {
      const target = built.line(line).target!;
      targets[at] = target;
      return target(packet, place);
    });
    const functions: Run[] = functionLine.map((line, at) => (packet, place) => {
      const run = runOf(built.line(line).tests[functionTest[at]!]!.test);
      functions[at] = run;
      return run(packet, place);
    });
    return new Program(this.#data, targets, functions);
  }

  /** All tests of a line hold. */
  testsHold(line: number, packet: Packet, place: Place): boolean {
    const to = this.#testFrom[line + 1]!;
    for (let test = this.#testFrom[line]!; test < to; test++) {
      const kind = this.#testKind[test]!;
      if (kind === TEST.FUNCTION) {
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
      if (inside === (kind === TEST.RANGE_INVERTED)) return false;
    }
    return true;
  }
}

/** A test as a function. */
export function runOf(test: Test): Run {
  return isFieldTest(test)
    ? (packet, place) => holds(test, packet, place)
    : (packet, place) => test.run(packet, place);
}
