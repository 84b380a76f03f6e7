const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment (microseconds since 1970, UTC) as C's ctime writes it: `Mon Nov 23 11:41:10 2026`. */
export function calendar(microseconds: number): string {
  const date = new Date(Math.floor(microseconds / 1000));
  const two = (value: number, filler = '0') => String(value).padStart(2, filler);
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate(), ' ')}`;
  return `${day} ${time} ${date.getUTCFullYear()}`;
}
