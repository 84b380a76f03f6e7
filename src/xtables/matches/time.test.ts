import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

/** Seconds from 1970 to a moment; the bench begins at 0. */
const at = (text: string) => Date.parse(`${text}Z`) / 1000;

test.each([
  ['--timestart 08:00 --timestop 17:30', '2026-03-02T08:00:00', true],
  ['--timestart 08:00 --timestop 17:30', '2026-03-02T17:30:00', true],
  ['--timestart 08:00 --timestop 17:30', '2026-03-02T17:30:01', false],
  ['--timestart 22:00 --timestop 06:00', '2026-03-02T03:00:00', true],
  ['--timestart 22:00 --timestop 06:00', '2026-03-02T12:00:00', false],
  ['--weekdays Mon,Tue', '2026-03-02T12:00:00', true],
  ['! --weekdays Mon,Tue', '2026-03-02T12:00:00', false],
  ['--weekdays Sun', '2026-03-01T12:00:00', true],
  ['--timestart 22:00 --timestop 06:00 --weekdays Mon', '2026-03-03T03:00:00', false],
  ['--timestart 22:00 --timestop 06:00 --weekdays Mon --contiguous', '2026-03-03T03:00:00', true],
  ['--monthdays 1,31', '2026-03-31T12:00:00', true],
  ['! --monthdays 1,31', '2026-03-31T12:00:00', false],
  ['--datestart 2026-03-01 --datestop 2026-04', '2026-03-31T12:00:00', true],
  ['--datestop 2026-03', '2026-03-31T12:00:00', false],
])('%s at %s → %s', (rule, moment, expected) => {
  const { run, receive, count, host } = bench();
  run(`iptables -A FORWARD -m time ${rule}`);
  host.advance(at(moment));
  receive(UDP);
  expect(count('FORWARD') === 1).toBe(expected);
});

test('the time zone of the kernel', () => {
  const { run, receive, count, host } = bench();
  run('iptables -A FORWARD -m time --timestart 08:00 --timestop 09:00 --kerneltz');
  host.advance(at('2026-03-02T07:30:00'));
  receive(UDP);
  expect(count('FORWARD')).toBe(0);
  host.minutesWest = -60;
  receive(UDP);
  expect(count('FORWARD')).toBe(1);
});
