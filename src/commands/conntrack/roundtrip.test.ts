import fc from 'fast-check';
import { expect, test } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import { runLine } from '../shell.ts';

const port = fc.integer({ min: 1, max: 65535 });
const address = fc.oneof(
  fc.tuple(fc.constant('10.0.0.'), fc.integer({ min: 1, max: 250 })),
  fc.tuple(fc.constant('2001:db8::'), fc.integer({ min: 1, max: 250 })),
);
const zone = fc.constantFrom('', '-w 7', '--orig-zone 3', '--reply-zone 9');
const status = fc.constantFrom('', '-u SEEN_REPLY', '-u SEEN_REPLY,ASSURED', '-u FIXED_TIMEOUT');
const protocol = fc.oneof(
  fc
    .tuple(fc.constantFrom('udp', 'udplite'), port, port)
    .map(([name, from, to]) => `-p ${name} --sport ${from} --dport ${to}`),
  fc
    .tuple(fc.constantFrom('ESTABLISHED', 'SYN_SENT', 'TIME_WAIT', 'CLOSE'), port, port)
    .map(([state, from, to]) => `-p tcp --sport ${from} --dport ${to} --state ${state}`),
  port.map((key) => `-p gre --srckey ${key} --dstkey 2`),
  fc.constantFrom('-p 50', '-p 89'),
);
const entry = fc.tuple(address, address, protocol, zone, status);

test('what -o save prints makes the same entries again', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), (entries) => {
      const host = freshHost();
      const run = (line: string) => runLine(host, line)!;
      for (const [[net, from], [, to], what, where, bits] of entries) {
        run(`conntrack -I -s ${net}${from} -d ${net}${to} ${what} -t 100 ${where} ${bits}`);
      }
      const saved = run('conntrack -L -o save').stdout;
      const listed = run('conntrack -L -o extended').stdout;
      run('conntrack -F');
      for (const line of saved.split('\n').filter((text) => text !== '')) {
        expect(run(`conntrack ${line}`)).toMatchObject({ exit: 0 });
      }
      expect(run('conntrack -L -o save').stdout).toBe(saved);
      expect(run('conntrack -L -o extended').stdout).toBe(listed);
    }),
    { numRuns: 60 },
  );
});
