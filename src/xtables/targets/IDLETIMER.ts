import type { Services } from '../../netfilter/services.ts';
import { CONTINUE, defineTarget, option } from '../extension.ts';
import { flag, integer, text } from '../values.ts';

const LONGEST_LABEL = 27;
/** The kernel counts in milliseconds, in an int. */
const TOO_LONG = 2147483;
/** Names that every directory of sysfs has already. */
const TAKEN = new Set(['power', 'subsystem', 'uevent']);

/** A timer that all rules with its label start anew. */
interface IdleTimer {
  readonly alarm: boolean;
  rules: number;
  /** Microseconds on the host's clock. */
  expires: number;
}

const TIMERS = { create: () => new Map<string, IdleTimer>() };

function restart(timer: IdleTimer, seconds: number, services: Services): void {
  timer.expires = services.now() + seconds * 1_000_000;
}

export const IDLETIMER = defineTarget({
  name: 'IDLETIMER',
  revision: 1,
  summary: 'starts a timer anew that tells programs when traffic has ceased',
  about:
    'Rules with the same label share a timer; all must agree on --alarm. Nobody here is told when it runs out: the kernel ' +
    'would notify readers of /sys/class/xt_idletimer.',
  source: 'net/netfilter/xt_IDLETIMER.c idletimer_tg_target_v1',
  options: {
    timeout: option(integer(0, 0xffffffff), { required: true, help: 'Seconds.' }),
    label: option(
      {
        ...text(Number.MAX_SAFE_INTEGER),
        parse: (given: string) => given.slice(0, LONGEST_LABEL),
        print: (value: string) => value,
      },
      { required: true, help: 'Name of the timer; 27 characters count.' },
    ),
    alarm: option(flag, { help: 'The timer wakes a sleeping machine.' }),
  },
  terminal: false,
  list({ timeout, label, alarm }) {
    return ` timeout:${timeout?.value ?? 0} label:${label?.value ?? ''}${alarm ? ' alarm' : ''}`;
  },
  check({ timeout, label, alarm }, environment) {
    const seconds = timeout?.value ?? 0;
    const name = label?.value ?? '';
    if (seconds === 0 || seconds >= TOO_LONG || name === '') return 'EINVAL';
    const known = environment.shared(TIMERS).get(name);
    if (known) return known.alarm === (alarm !== undefined) ? undefined : 'EINVAL';
    // The label becomes the name of a file.
    return TAKEN.has(name) || name.includes('/') ? 'EINVAL' : undefined;
  },
  create({ timeout, label, alarm }, environment) {
    const { services } = environment;
    const seconds = timeout?.value ?? 0;
    const name = label?.value ?? '';
    const timers = environment.shared(TIMERS);
    const timer = timers.get(name) ?? { alarm: alarm !== undefined, rules: 0, expires: 0 };
    timers.set(name, timer);
    timer.rules++;
    restart(timer, seconds, services);
    environment.onDestroy(() => {
      if (--timer.rules === 0) timers.delete(name);
    });
    return () => {
      restart(timer, seconds, services);
      return CONTINUE;
    };
  },
});
