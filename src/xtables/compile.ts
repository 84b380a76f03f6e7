import { ACCEPT, DROP } from '../netfilter/verdict.ts';
import type { Address } from './address.ts';
import type { BuiltTable, Line } from './commit.ts';
import type { DevicePatterns } from './devices.ts';
import { RETURN, type TargetFunction, type Test } from './extension.ts';
import { FIELDS } from './fields.ts';
import { ASK, DO, Program, type ProgramData, runOf, TEST } from './program.ts';
import type { Header } from './rule.ts';
import { isFieldTest } from './tests.ts';

const READER_INDEX = new Map(Object.keys(FIELDS).map((name, index) => [name, index]));

/** Tests while they are gathered; then they become typed arrays. */
class TestList {
  readonly kind: number[] = [];
  readonly reader: number[] = [];
  readonly mask: number[] = [];
  readonly min: number[] = [];
  readonly max: number[] = [];
  readonly functions: ReturnType<typeof runOf>[] = [];
  readonly functionLine: number[] = [];
  readonly functionTest: number[] = [];

  get length(): number {
    return this.kind.length;
  }

  /** Appends test `place` of a line; one that is no single range of a single field becomes a function. */
  add(test: Test, line: number, place: number): void {
    if (isFieldTest(test) && typeof test.field === 'string' && (test.ranges?.length ?? 1) === 1) {
      const [min, max] = test.ranges?.[0] ?? [0, 0xffffffff];
      const kind = test.inverted ? TEST.RANGE_INVERTED : TEST.RANGE;
      this.#push(kind, READER_INDEX.get(test.field)!, test.mask ?? 0xffffffff, min, max);
      return;
    }
    this.functionLine.push(line);
    this.functionTest.push(place);
    this.#push(TEST.FUNCTION, this.functions.push(runOf(test)) - 1, 0, 0, 0);
  }

  #push(kind: number, reader: number, mask: number, min: number, max: number): void {
    this.kind.push(kind);
    this.reader.push(reader);
    this.mask.push(mask);
    this.min.push(min);
    this.max.push(max);
  }
}

/** Compiles a table that was accepted. */
export function compile(built: BuiltTable, patterns: DevicePatterns): Program {
  const { size, starts } = built;
  const words = built.image.family === 4 ? 1 : 4;
  const columns = {
    asks: new Uint16Array(size),
    addresses: new Int32Array(size * 4 * words),
    inPattern: new Int32Array(size),
    outPattern: new Int32Array(size),
    protocol: new Uint8Array(size),
    testFrom: new Int32Array(size + 1),
    act: new Uint8Array(size),
    argument: new Int32Array(size),
  };
  const targets: TargetFunction[] = [];
  const targetLine: number[] = [];
  const list = new TestList();
  for (let i = 0; i < size; i++) {
    const line = built.line(i);
    columns.testFrom[i] = list.length;
    const { tests } = line;
    for (let place = 0; place < tests.length; place++) list.add(tests[place]!.test, i, place);
    if (line.entry) packHeader(columns, i, line.entry.rule.header, patterns);
    if (packAction(columns, i, line, starts)) {
      columns.argument[i] = targets.push(line.target!) - 1;
      targetLine.push(i);
    }
  }
  columns.testFrom[size] = list.length;
  const tests = {
    kind: Uint8Array.from(list.kind),
    reader: Int32Array.from(list.reader),
    mask: Uint32Array.from(list.mask),
    min: Uint32Array.from(list.min),
    max: Uint32Array.from(list.max),
  };
  const { functionLine, functionTest, functions } = list;
  return new Program({ ...columns, tests, targetLine, functionLine, functionTest }, targets, functions);
}

type Columns = Pick<
  ProgramData,
  'asks' | 'addresses' | 'inPattern' | 'outPattern' | 'protocol' | 'act' | 'argument'
>;

function packHeader(columns: Columns, line: number, header: Header, patterns: DevicePatterns): void {
  const { source, sourceMask, destination, destinationMask, inInterface, outInterface } = header;
  const words = source.length;
  const at = line * 4 * words;
  const set = (place: number, address: Address) => {
    for (let i = 0; i < words; i++) columns.addresses[at + place * words + i] = address[i]!;
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
    columns.inPattern[line] = patterns.id(inInterface.text || '+');
  }
  if (outInterface.text !== '' || outInterface.inverted) {
    asks |= ASK.OUT | (outInterface.inverted ? ASK.OUT_INVERTED : 0);
    columns.outPattern[line] = patterns.id(outInterface.text || '+');
  }
  if (header.hasProtocol && (words > 1 || header.protocol !== 0)) {
    asks |= ASK.PROTOCOL | (header.protocolInverted ? ASK.PROTOCOL_INVERTED : 0);
    columns.protocol[line] = header.protocol;
  }
  if (header.fragment || header.fragmentInverted) {
    asks |= ASK.FRAGMENT | (header.fragmentInverted ? ASK.FRAGMENT_INVERTED : 0);
  }
  columns.asks[line] = asks;
}

/** Answers whether the line runs a target's function. */
function packAction(columns: Columns, at: number, line: Line, starts: ReadonlyMap<string, number>): boolean {
  const action = line.entry?.rule.action;
  if (action === undefined) {
    columns.act[at] = line.chain.hook === undefined ? DO.RETURN : DO.VERDICT;
    columns.argument[at] = line.chain.policy === 'ACCEPT' ? ACCEPT : DROP;
  } else if (action.kind === 'chain') {
    columns.act[at] = action.goto ? DO.GOTO : DO.JUMP;
    columns.argument[at] = starts.get(action.chain)!;
  } else if (action.kind === 'target') {
    const { verdict } = action.extension;
    if (verdict === undefined) {
      columns.act[at] = DO.TARGET;
      return true;
    }
    columns.act[at] = verdict === RETURN ? DO.RETURN : DO.VERDICT;
    columns.argument[at] = verdict;
  }
  return false;
}

function some(address: Address): boolean {
  for (const word of address) if (word !== 0) return true;
  return false;
}
