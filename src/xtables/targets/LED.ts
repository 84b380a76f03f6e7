import { defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag, text, unsigned } from '../values.ts';

const FOREVER = -1;

const delay: ValueType<number> = {
  syntax: 'milliseconds|inf',
  argument: 'required',
  choices: ['inf'],
  parse(given) {
    if (given.toLowerCase().startsWith('inf')) return FOREVER;
    const value = unsigned(given, 0, 0xffffffff);
    if (value === undefined) throw new Problem('Delay value must be within range 0..4294967295');
    return value;
  },
  print: (value) => (value === FOREVER ? 'inf' : String(value)),
};

export const LED = defineTarget({
  name: 'LED',
  summary: 'lets a lamp of the machine blink',
  about: 'The kernel that is imitated has no such target: no rule with it loads.',
  source: 'net/netfilter/xt_LED.c led_tg',
  missing: true,
  options: {
    'led-trigger-id': option(text(16), { required: true, help: 'Name of the trigger, without netfilter-.' }),
    'led-delay': option(delay, { help: 'How long it stays on.' }),
    'led-always-blink': option(flag, { help: 'Blinks also if it is on.' }),
  },
  terminal: false,
});
