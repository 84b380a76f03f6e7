import { type Arguments, invalid, wholeNumber } from './arguments.ts';

/** The one name that /etc/iproute2/rt_realms has on a fresh system. */
const COSMOS = 'cosmos';
const LARGEST = 0xffff_ffff;
/** Largest realm that may stand beside a slash. */
const LARGEST_HALF = 255;

/** `to`, `from/to`, or both in one number, as the kernel keeps them: `from` in the upper half (get_rt_realms_or_raw). */
export function readRealms(args: Arguments, message: string): number {
  const word = args.next();
  const one = (text: string, most: number): number => {
    const value = text === COSMOS ? 0 : wholeNumber(text);
    if (value === undefined || value < 0 || value > most) throw invalid(word, message);
    return value;
  };
  const slash = word.indexOf('/');
  if (slash < 0) return one(word, LARGEST);
  const to = word.slice(slash + 1);
  return ((one(word.slice(0, slash), LARGEST_HALF) << 16) | (to === '' ? 0 : one(to, LARGEST_HALF))) >>> 0;
}

const name = (realm: number): string => (realm === 0 ? COSMOS : String(realm));

/** `5` or `3/5`. */
export function realmsText(realms: number): string {
  const from = realms >>> 16;
  const to = name(realms & 0xffff);
  return from === 0 ? to : `${from}/${to}`;
}

/** `realm 5 ` or `realms 3/5 `; nothing for none. */
export function realmWords(realms: number): string {
  if (realms === 0) return '';
  return `${realms >>> 16 === 0 ? 'realm' : 'realms'} ${realmsText(realms)} `;
}

/** `flow` of `ip -json route`; nothing for none. */
export function realmObject(realms: number): { flow?: { from?: string; to: string } } {
  if (realms === 0) return {};
  const from = realms >>> 16;
  return { flow: { ...(from === 0 ? {} : { from: name(from) }), to: name(realms & 0xffff) } };
}
