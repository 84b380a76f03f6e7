import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { hex, readPositive } from '../values.ts';

/** Most tests of a rule, steps of a location and ranges of a test (XT_U32_MAXSIZE). */
const MOST = 10;
const LARGEST = 0xffff_ffffn;

type Operator = '&' | '<<' | '>>' | '@';

/** A part of a location: the first is an offset, each other one an operator and its operand. */
interface Step {
  readonly operator: Operator | '';
  readonly number: number;
}

/** `0>>22&0x3c@0=1:5,7`: the word found at a location lies in one of the ranges. */
interface Comparison {
  readonly location: readonly Step[];
  readonly ranges: readonly (readonly [number, number])[];
}

const BLANK = /[ \t\n\v\f\r]/;

/** Reads tests joined by `&&`, with the real tool's messages, which count characters from 0. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  comparisons(): Comparison[] {
    const found: Comparison[] = [];
    for (;;) {
      const location = this.#location();
      const ranges = this.#ranges();
      found.push({ location, ranges });
      const more = this.#at < this.#text.length;
      // The tool counts tests as it goes on to the next, and once more at the end.
      if (found.length > MOST) this.#fail('too many "&&"s');
      if (!more) return found;
      this.#at++;
    }
  }

  /** Up to the `=` and past it. */
  #location(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      this.#skip();
      const next = this.#text[this.#at];
      if (next === undefined) throw new Problem('u32: abrupt end of input after location specifier');
      if (next === '=') {
        if (steps.length === 0) this.#fail('location spec missing');
        this.#at++;
        return steps;
      }
      const operator = steps.length === 0 ? '' : this.#operator(next);
      steps.push({ operator, number: this.#number() });
      if (steps.length > MOST) this.#fail('too many operators');
    }
  }

  #operator(next: string): Operator {
    if (next === '<' || next === '>') {
      this.#at++;
      if (this.#text[this.#at] !== next) this.#fail(`a second '${next}' was expected`);
    } else if (next !== '&' && next !== '@') this.#fail('operator expected');
    this.#at++;
    return next === '<' ? '<<' : next === '>' ? '>>' : (next as Operator);
  }

  /** Up to the end, or to the second `&` of a `&&`. */
  #ranges(): (readonly [number, number])[] {
    const ranges: (readonly [number, number])[] = [];
    for (;;) {
      this.#skip();
      const next = this.#text[this.#at];
      if (next === undefined) {
        if (ranges.length === 0) throw new Problem('u32: test ended with no value specified');
        return ranges;
      }
      if (next === '&') {
        this.#at++;
        if (this.#text[this.#at] !== '&') this.#fail("a second '&' was expected");
        if (ranges.length === 0) this.#fail('value spec missing');
        return ranges;
      }
      if (ranges.length > 0) {
        if (next !== ',') this.#fail('expected "," or "&&"');
        this.#at++;
      }
      const low = this.#number();
      this.#skip();
      let high = low;
      if (this.#text[this.#at] === ':') {
        this.#at++;
        high = this.#number();
      }
      ranges.push([low, high]);
      if (ranges.length > MOST) this.#fail('too many ","s');
    }
  }

  #number(): number {
    const read = readPositive(this.#text.slice(this.#at));
    if (!read || read.value > LARGEST) this.#fail('not a number or out of range');
    this.#at = this.#text.length - read.rest.length;
    return Number(read.value);
  }

  #skip(): void {
    while (this.#at < this.#text.length && BLANK.test(this.#text[this.#at]!)) this.#at++;
  }

  #fail(what: string): never {
    throw new Problem(`u32: at char ${this.#at}: ${what}`);
  }
}

function printed(comparisons: readonly Comparison[]): string {
  const one = ({ location, ranges }: Comparison): string => {
    const where = location.map(({ operator, number }) => operator + hex(number)).join('');
    const values = ranges.map(([low, high]) => (low === high ? hex(low) : `${hex(low)}:${hex(high)}`));
    return `${where}=${values.join(',')}`;
  };
  return `"${comparisons.map(one).join('&&')}"`;
}

const tests: ValueType<readonly Comparison[]> = {
  syntax: 'location=range[,range…][&&…]',
  argument: 'required',
  examples: [['6&0xff=17'], ['0>>22&0x3c@0>>16=53,1024:65535'], ['6&0xff=6&&4&0x1fff=0']],
  parse: (text) => new Reader(text).comparisons(),
  print: printed,
};

/** Four bytes from the IP header on, unsigned; the caller has seen that they are there. */
function word({ bytes, network }: Packet, offset: number): number {
  const at = network + offset;
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** The word at a location, unsigned; -1 if it lies outside of the packet (u32_match_it). */
function locate(packet: Packet, location: readonly Step[]): number {
  const length = packet.end - packet.network;
  /** From where `@` counts. */
  let base = 0;
  let value = 0;
  for (let index = 0; index < location.length; index++) {
    const { operator, number } = location[index]!;
    switch (operator) {
      case '&':
        value = (value & number) >>> 0;
        break;
      case '<<':
        value = (value << number) >>> 0;
        break;
      case '>>':
        value >>>= number;
        break;
      default:
        if (operator === '@') base += value;
        if (base + 4 > length || number > length - base - 4) return -1;
        value = word(packet, base + number);
    }
  }
  return value;
}

function holds(packet: Packet, { location, ranges }: Comparison): boolean {
  const value = locate(packet, location);
  if (value < 0) return false;
  for (let index = 0; index < ranges.length; index++) {
    const [low, high] = ranges[index]!;
    if (value >= low && value <= high) return true;
  }
  return false;
}

export const u32 = defineMatch({
  name: 'u32',
  summary: 'words of the packet, found by calculation',
  about:
    'A location is an offset from the IP header, at which four bytes are read, then operations on that word: `&`, `<<`, ' +
    '`>>`, and `@`, which moves the start of all further offsets on by the word and reads again. So ' +
    '`0>>22&0x3c@0>>16=53` is the source port of a packet with or without IP options. A location outside of the packet ' +
    'makes the test false, and an inverted rule true. Shifts by 32 and more are refused.',
  source: 'net/netfilter/xt_u32.c u32_mt',
  options: {
    u32: option(tests, {
      required: true,
      invert: true,
      help: 'Tests, all of which must hold: a location and the ranges in which its word may lie.',
    }),
  },
  list: ({ u32: given }) => (given ? ` u32 ${given.inverted ? '! ' : ''}${printed(given.value)}` : ''),
  check({ u32: given }) {
    const tooFar = ({ operator, number }: Step) => (operator === '<<' || operator === '>>') && number >= 32;
    return given?.value.some(({ location }) => location.some(tooFar)) ? 'EINVAL' : undefined;
  },
  tests({ u32: given }) {
    if (!given) return [];
    const { value: comparisons, inverted } = given;
    return [
      {
        option: 'u32',
        run(packet) {
          for (let index = 0; index < comparisons.length; index++) {
            if (!holds(packet, comparisons[index]!)) return inverted;
          }
          return !inverted;
        },
        explain(packet) {
          const failed = comparisons.find((one) => !holds(packet, one));
          if (!failed) return 'all of it holds';
          const value = locate(packet, failed.location);
          return `${printed([failed])}: ${value < 0 ? 'the packet ends before that' : hex(value)}`;
        },
      },
    ];
  },
});
