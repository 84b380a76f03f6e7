/** Dates, days and times of day, as the match `time` reads and writes them. */
import { momentAt } from './calendar.ts';
import type { ValueType } from './extension.ts';
import { Problem } from './problem.ts';
import { readUnsigned } from './values.ts';

export const LAST_SECOND = 86_399;
/** Where no last date is given (the largest signed number of 32 bits). */
export const LAST_DATE = 0x7fff_ffff;
/** Bits 1 to 31, and 1 to 7. */
export const ALL_MONTHDAYS = 0xffff_fffe;
export const ALL_WEEKDAYS = 0xfe;

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const FIRST_YEAR = 1970;
const LAST_YEAR = 2038;

/** C's strtoul with base 10: the number at the start, 0 if there is none, and what follows it. */
function leading(text: string): { value: number; rest: string } {
  const found = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)/.exec(text);
  if (!found) return { value: 0, rest: text };
  const value = Number(found[2]);
  // A negative number wraps around, and is too large for anything here.
  return {
    value: found[1] === '-' && value > 0 ? Number.POSITIVE_INFINITY : value,
    rest: text.slice(found[0].length),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

function badTime(text: string): Problem {
  return new Problem(
    `invalid time "${text}" specified, should be hh:mm[:ss] format and within the boundaries`,
  );
}

/** `hh:mm[:ss]`, as seconds of the day. */
export const clock: ValueType<number> = {
  syntax: 'hh:mm[:ss]',
  argument: 'required',
  examples: [['08:00'], ['17:30:00']],
  parse(given) {
    const hours = leading(given);
    if (hours.rest[0] !== ':' || hours.value > 23) throw badTime(given);
    const behind = hours.rest.slice(1);
    const minutes = leading(behind);
    if ((minutes.rest !== '' && minutes.rest[0] !== ':') || minutes.value > 59) throw badTime(behind);
    const last = minutes.rest.slice(1);
    const seconds = leading(last);
    if (seconds.rest !== '' || seconds.value > 59) throw badTime(last);
    return hours.value * 3600 + minutes.value * 60 + seconds.value;
  },
  print: (value) => `${two(Math.floor(value / 3600))}:${two(Math.floor(value / 60) % 60)}:${two(value % 60)}`,
};

/** Parts of a date behind the year: what stands in front, the largest, what counts if it is left out. */
const PARTS: readonly (readonly [separator: string, most: number, otherwise: number])[] = [
  ['-', 12, 1],
  ['-', 31, 1],
  ['T', 23, 0],
  [':', 59, 0],
  [':', 59, 0],
];

/** `YYYY[-MM[-DD[Thh[:mm[:ss]]]]]`, as seconds since 1970. */
export const date: ValueType<number> = {
  syntax: 'YYYY[-MM[-DD[Thh[:mm[:ss]]]]]',
  argument: 'required',
  examples: [['2026-01-31'], ['2026-12-24T18:00']],
  parse(given) {
    const bad = () =>
      new Problem(`Invalid date "${given}" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]`);
    const year = leading(given);
    if (year.value < FIRST_YEAR || year.value > LAST_YEAR) throw bad();
    let { rest } = year;
    const parts = PARTS.map(([separator, most, otherwise]) => {
      if (rest === '') return otherwise;
      if (rest[0] !== separator) throw bad();
      const part = leading(rest.slice(1));
      if (part.value > most) throw bad();
      rest = part.rest;
      return part.value;
    });
    if (rest !== '') throw bad();
    const [month, day, hour, minute, second] = parts as [number, number, number, number, number];
    const seconds = Date.UTC(year.value, month - 1, day, hour, minute, second) / 1000;
    if (seconds < 0) throw new Problem('mktime returned an error');
    return seconds;
  },
  print: (seconds) => momentAt(seconds).text.replace(' ', 'T'),
};

/** As `-L` shows a date. */
export const listDate = (seconds: number): string => momentAt(seconds).text;

function numbersOf(bits: number, most: number): readonly number[] {
  return Array.from({ length: most }, (_, index) => index + 1).filter((day) => ((bits >>> day) & 1) === 1);
}

/** Of each word between commas the first two characters count. */
export const monthdays: ValueType<number> = {
  syntax: 'day[,day…]',
  argument: 'required',
  examples: [['1,15'], ['31']],
  parse(given) {
    let bits = 0;
    for (const word of given.split(',')) {
      const day = word.slice(0, 2);
      const { value, rest } = leading(day);
      if (rest !== '' || value > 31) throw new Problem(`${day} is not a valid day for --monthdays`);
      bits |= 1 << value;
    }
    return (bits & ALL_MONTHDAYS) >>> 0;
  },
  print: (bits) => numbersOf(bits, 31).join(','),
};

/** `1st,2nd,3rd,4th`; by the last digit alone, so that there is an 11st. */
export function listMonthdays(bits: number): string {
  const ending = (day: number): string => ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th';
  return numbersOf(bits, 31)
    .map((day) => `${day}${ending(day)}`)
    .join(',');
}

/** Of each word between commas the first three characters count, of a name the first two; or the day's number. */
export const weekdays: ValueType<number> = {
  syntax: 'day[,day…]',
  argument: 'required',
  choices: WEEKDAYS,
  parse(given) {
    let bits = 0;
    const words = given.split(',');
    // Nothing behind the last comma is no word.
    if (words.at(-1) === '') words.pop();
    for (const word of words) {
      const day = word.slice(0, 3);
      // Here the tool takes hexadecimal and octal numbers, too.
      const { value, rest } = readUnsigned(day) ?? { value: 0n, rest: day };
      if (rest === '') {
        if (value === 0n) throw new Problem('No, the week does NOT begin with Sunday.');
        bits |= value < 8n ? 1 << Number(value) : 0;
        continue;
      }
      const found = day.length < 2 ? -1 : WEEKDAYS.findIndex((name) => name.slice(0, 2) === day.slice(0, 2));
      if (found < 0) throw new Problem(`${day} is not a valid day specifier`);
      bits |= 1 << (found + 1);
    }
    return bits;
  },
  print: (bits) =>
    numbersOf(bits, 7)
      .map((day) => WEEKDAYS[day - 1])
      .join(','),
};
