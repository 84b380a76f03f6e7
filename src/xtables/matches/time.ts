import { type Moment, momentAt, SECONDS_A_DAY } from '../calendar.ts';
import { defineMatch, type Given, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import {
  ALL_MONTHDAYS,
  ALL_WEEKDAYS,
  clock,
  date,
  LAST_DATE,
  LAST_SECOND,
  listDate,
  listMonthdays,
  monthdays,
  weekdays,
} from '../time-values.ts';
import { flag } from '../values.ts';

const OLD_ZONE =
  'WARNING: --localtz is being replaced by --kerneltz, since "local" is ambiguous. Note the kernel timezone has caveats - ' +
  'see manpage for details.\n';

const given = <T>(value: T): Given<T> => ({ value, inverted: false });

export const time = defineMatch({
  name: 'time',
  summary: 'when the packet is seen: dates, days, time of day',
  about:
    'All that is given must hold, both ends included. A time of day that begins later than it ends goes over midnight; with ' +
    '`--contiguous` what is behind midnight counts to the day before. Times are UTC, or with `--kerneltz` those of the time ' +
    'zone that the host’s kernel was told.',
  source: 'net/netfilter/xt_time.c time_mt',
  options: {
    timestart: option(clock, { help: 'Time of day from which on it fits.' }),
    timestop: option(clock, { help: 'Time of day up to which it fits.' }),
    monthdays: option(monthdays, { invert: true, help: 'Days of the month, 1 to 31.' }),
    weekdays: option(weekdays, { invert: true, help: 'Days of the week: Mon to Sun, or 1 to 7.' }),
    datestart: option(date, { help: 'First moment at which it fits.' }),
    datestop: option(date, { help: 'Last moment at which it fits.' }),
    localtz: option(
      {
        ...flag,
        parse(text, context) {
          context.warn(OLD_ZONE);
          return flag.parse(text, context);
        },
      },
      { excludes: ['utc'], help: 'Older name of --kerneltz.' },
    ),
    utc: option(flag, { excludes: ['kerneltz', 'localtz'], help: 'Times are UTC, as they are without it.' }),
    kerneltz: option(flag, { excludes: ['utc'], help: 'Times are those of the kernel’s time zone.' }),
    contiguous: option(flag, { help: 'A time over midnight belongs to the day on which it begins.' }),
  },
  verify(values) {
    const start = values.timestart?.value ?? 0;
    const stop = values.timestop?.value ?? LAST_SECOND;
    if (values.contiguous && start < stop) {
      throw new Problem('time: --contiguous only makes sense when stoptime is smaller than starttime');
    }
  },
  settle(values) {
    const start = values.timestart?.value ?? 0;
    const stop = values.timestop?.value ?? LAST_SECOND;
    const bits = (own: Given<number> | undefined, all: number): number =>
      own ? (own.inverted ? own.value ^ all : own.value) >>> 0 : all;
    return {
      timestart: given(start),
      timestop: given(stop),
      monthdays: given(bits(values.monthdays, ALL_MONTHDAYS)),
      weekdays: given(bits(values.weekdays, ALL_WEEKDAYS)),
      datestart: given(values.datestart?.value ?? 0),
      datestop: given(values.datestop?.value ?? LAST_DATE),
      ...((values.kerneltz ?? values.localtz) && { kerneltz: given(true as const) }),
      ...(values.contiguous && { contiguous: values.contiguous }),
    };
  },
  save(values, context) {
    const { timestart, timestop, monthdays: days, weekdays: week, datestart, datestop } = values;
    if (!timestart || !timestop || !days || !week || !datestart || !datestop) return '';
    const wholeDay = timestart.value === 0 && timestop.value === LAST_SECOND;
    return (
      (wholeDay
        ? ''
        : ` --timestart ${clock.print(timestart.value, context)} --timestop ${clock.print(timestop.value, context)}`) +
      (days.value === ALL_MONTHDAYS ? '' : ` --monthdays ${monthdays.print(days.value, context)}`) +
      (week.value === ALL_WEEKDAYS ? '' : ` --weekdays ${weekdays.print(week.value, context)}`) +
      (datestart.value === 0 ? '' : ` --datestart ${date.print(datestart.value, context)}`) +
      (datestop.value === 0 ? '' : ` --datestop ${date.print(datestop.value, context)}`) +
      (values.kerneltz ? ' --kerneltz' : '') +
      (values.contiguous ? ' --contiguous' : '')
    );
  },
  list(values, context) {
    const { timestart, timestop, monthdays: days, weekdays: week, datestart, datestop } = values;
    if (!timestart || !timestop || !days || !week || !datestart || !datestop) return '';
    const wholeDay = timestart.value === 0 && timestop.value === LAST_SECOND;
    return (
      ' TIME' +
      (wholeDay
        ? ''
        : ` from ${clock.print(timestart.value, context)} to ${clock.print(timestop.value, context)}`) +
      (week.value === ALL_WEEKDAYS ? '' : ` on ${weekdays.print(week.value, context)}`) +
      (days.value === ALL_MONTHDAYS ? '' : ` on ${listMonthdays(days.value)}`) +
      (datestart.value === 0 ? '' : ` starting from ${listDate(datestart.value)}`) +
      (datestop.value === LAST_DATE
        ? ''
        : ` until date${datestop.value === 0 ? '' : ` ${listDate(datestop.value)}`}`) +
      (values.kerneltz ? '' : ' UTC') +
      (values.contiguous ? ' contiguous' : '')
    );
  },
  tests(values, { services }) {
    const start = values.timestart?.value ?? 0;
    const stop = values.timestop?.value ?? LAST_SECOND;
    const days = values.monthdays?.value ?? ALL_MONTHDAYS;
    const week = values.weekdays?.value ?? ALL_WEEKDAYS;
    const first = values.datestart?.value ?? 0;
    const last = values.datestop?.value ?? LAST_DATE;
    const now = (): number => {
      const seconds = Math.floor(services.wallClock() / 1_000_000);
      return values.kerneltz ? seconds - services.minutesWest() * 60 : seconds;
    };
    const holds = (stamp: number): boolean => {
      if (stamp < first || stamp > last) return false;
      const second = ((stamp % SECONDS_A_DAY) + SECONDS_A_DAY) % SECONDS_A_DAY;
      let counted = stamp;
      if (start < stop) {
        if (second < start || second > stop) return false;
      } else {
        if (second < start && second > stop) return false;
        if (values.contiguous && second <= stop) counted -= SECONDS_A_DAY;
      }
      if (week === ALL_WEEKDAYS && days === ALL_MONTHDAYS) return true;
      const { weekday, monthday } = momentAt(counted);
      return ((week >> weekday) & 1) === 1 && ((days >>> monthday) & 1) === 1;
    };
    return [
      { run: () => holds(now()), explain: () => described(momentAt(now()), values.kerneltz !== undefined) },
    ];
  },
});

function described({ text, weekdayName }: Moment, local: boolean): string {
  return `it is ${weekdayName} ${text}${local ? '' : ' UTC'}`;
}
