import { CONTINUE, defineTarget, type Given, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { integer, quote, text } from '../values.ts';

const LONGEST_PREFIX = 63;
const ALL = Number.MAX_SAFE_INTEGER;
const size = integer(0, 0xffffffff);

const prefix: ValueType<string> = {
  ...text(ALL, 1),
  parse(given, context) {
    const parsed = text(ALL, 1).parse(given, context);
    if (parsed.includes('\n')) throw new Problem('Newlines not allowed in --log-prefix');
    return parsed.slice(0, LONGEST_PREFIX);
  },
};

/** A number that stands for the option not being there. */
const zero = ({ value }: Given<number>): boolean => value === 0;

export const NFLOG = defineTarget({
  name: 'NFLOG',
  summary: 'hands a copy of the packet to the listener of a group',
  about:
    'The packet goes on, whether anybody listens or not. The threshold, by which the kernel collects packets before it ' +
    'wakes the listener, is kept and printed; a listener here is called at once.',
  source: 'net/netfilter/xt_NFLOG.c nflog_tg',
  options: {
    'nflog-prefix': option(prefix, { help: 'Text in front; 63 characters count.' }),
    'nflog-group': option(integer(0, 65535), { omit: zero, help: 'The group, 0 if left out.' }),
    'nflog-range': option(size, { omit: zero, excludes: ['nflog-size'], help: 'Does nothing.' }),
    'nflog-size': option(size, { excludes: ['nflog-range'], help: 'Bytes to be copied; all if left out.' }),
    'nflog-threshold': option(integer(0, 65535), { omit: zero, help: 'Packets that are collected first.' }),
  },
  terminal: false,
  verify(values, context) {
    if (!values['nflog-range']) return;
    context.warn(
      'warn: --nflog-range has never worked and is no longer supported, please use --nflog-size instead\n',
    );
  },
  settle(values) {
    const { 'nflog-group': group, 'nflog-range': ignored, 'nflog-threshold': threshold, ...rest } = values;
    return {
      ...rest,
      ...(group && !zero(group) ? { 'nflog-group': group } : {}),
      ...(ignored && !zero(ignored) ? { 'nflog-range': ignored } : {}),
      ...(threshold && !zero(threshold) ? { 'nflog-threshold': threshold } : {}),
    };
  },
  list(values) {
    const part = (key: 'nflog-group' | 'nflog-range' | 'nflog-size' | 'nflog-threshold') => {
      const given = values[key];
      return given ? ` ${key} ${given.value}` : '';
    };
    const front = values['nflog-prefix'];
    return (
      (front ? ` nflog-prefix ${quote(front.value)}` : '') +
      part('nflog-group') +
      part('nflog-range') +
      part('nflog-size') +
      part('nflog-threshold')
    );
  },
  create(values, { services }) {
    const group = values['nflog-group']?.value ?? 0;
    const front = values['nflog-prefix']?.value ?? '';
    const most = values['nflog-size']?.value ?? ALL;
    return (packet, place) => {
      services.logGroups.publish(group, front, most, packet, place);
      return CONTINUE;
    };
  },
});
