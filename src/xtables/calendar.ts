export const SECONDS_A_DAY = 86_400;

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** A moment of the calendar. */
export interface Moment {
  /** 1 for Monday to 7 for Sunday. */
  readonly weekday: number;
  readonly weekdayName: string;
  /** 1 to 31. */
  readonly monthday: number;
  /** `2026-01-31 23:59:59` */
  readonly text: string;
}

/** The moment so many seconds after the beginning of 1970. */
export function momentAt(seconds: number): Moment {
  const date = new Date(seconds * 1000);
  const weekday = date.getUTCDay() || 7;
  return {
    weekday,
    weekdayName: WEEKDAYS[weekday - 1]!,
    monthday: date.getUTCDate(),
    text: date.toISOString().slice(0, 19).replace('T', ' '),
  };
}
