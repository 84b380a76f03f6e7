/** Random command lines, given to the real iptables in a network namespace of its own and to the simulated one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run } from './cases.fixture.ts';
import { begin, comparable, real, useNamespace, works } from './real.fixture.ts';

const runs = process.env.FIVEHOOKS_LONG ? 150 : 25;

useNamespace();

// -- what an administrator might type -----------------------------------------------------------------------------

const words = (...lists: string[]) => fc.constantFrom(...lists).map((text) => text.split(' '));
const networks = {
  4: [
    '1.2.3.4',
    '10.1/16',
    '0/0',
    '1.2.3.4/0.0.0.255',
    '1.2.3.4,5.6.7.8',
    'localhost',
    '0x7f000001',
    '01.02.3.4',
  ],
  6: ['::1', '2001:db8::/32', '::/0', '2001:db8::1/ffff::', '::ffff:1.2.3.4', '::1,::2', '::1/0x10'],
};
const badNetworks = [
  '1.2.3.4/33',
  'foo',
  '',
  '1.2.3.4/',
  '1,2',
  '1::2::3',
  '::1/129',
  '1.2.3.4/-1',
  '256.1.1.1',
];
const chain = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('INPUT', 'FORWARD', 'OUTPUT', 'foo', 'bar') },
  fc.constantFrom('PREROUTING', 'nosuch', '', 'ACCEPT', 'a b', '-x'),
);
const number = fc.constantFrom('1', '2', '3', '0', '-1', 'x', '99', '0x1');
const not = fc.constantFrom<string[]>([], [], [], ['!']);

function part(family: 4 | 6): fc.Arbitrary<string[]> {
  const network = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...networks[family]) },
    fc.constantFrom(...badNetworks),
  );
  const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((lists) => lists.flat());
  return fc.oneof(
    joined(
      not,
      words('-s', '-d', '--source', '--dst', '--s', '--dest'),
      network.map((text) => [text]),
    ),
    joined(not, words('-i', '-o', '--in-int'), words('eth0', 'eth+', '+', 'lo', 'abcdefghijklmnop', 'a/b')),
    joined(
      not,
      words('-p', '--proto'),
      words('tcp', 'udp', 'TCP', '17', '0', 'all', 'icmp', '58', 'esp', '256', 'foo'),
    ),
    joined(
      words('-j', '-g', '--jump'),
      words('ACCEPT', 'DROP', 'RETURN', 'MARK', 'foo', 'bar', 'nosuch', 'INPUT'),
    ),
    joined(words('-m', '--match'), words('tcp', 'comment', 'mark', 'nosuch')),
    joined(
      not,
      words('--dport 80', '--sport 1:2', '--dport http', '--sport :', '--dport 5:1', '--syn', '--dp 7'),
    ),
    joined(
      not,
      words('--tcp-flags SYN,ACK SYN', '--tcp-flags ALL', '--tcp-option 5', '--tcp-option 0', '--dport'),
    ),
    joined(
      not,
      words(
        '--mark 1',
        '--mark 1/2',
        '--mark -1',
        '--set-mark 1',
        '--set-xmark 1/2',
        '--and-mark 3',
        '--ma 1',
      ),
    ),
    joined(
      not,
      words('--comment hi', "--comment it's", '--comment a"b\\c', '--bogus', '--dport=80', '--syn=1'),
    ),
    words(
      '-f',
      '! -f',
      '-n',
      '-x',
      '--line-numbers',
      '-4',
      '-6',
      '-w',
      '-w 1',
      '-w5',
      '-W 5',
      '-c 1 2',
      '-c 5,6',
      '-c x',
    ),
    words(
      '-t nat',
      '-t mangle',
      '-t nosuch',
      '-V',
      '-b',
      '-Q',
      '--',
      '-',
      '!',
      'foo',
      '-A INPUT',
      '-L',
      '-S',
      '-F',
      '-Z',
    ),
  );
}

function commandLine(family: 4 | 6): fc.Arbitrary<string[]> {
  const rule = fc.array(part(family), { maxLength: 5 }).map((parts) => parts.flat());
  const place = (letters: string[], ...more: fc.Arbitrary<string>[]) =>
    fc.tuple(fc.constantFrom(...letters), chain, ...more).map((list) => [...list]);
  const withRule = fc.oneof(
    { weight: 4, arbitrary: place(['-A', '-A', '--append', '-I', '-C', '-D', '--de']) },
    place(['-I', '-R', '-D'], number),
  );
  const alone = fc.oneof(
    place(['-L', '-S', '-F', '-Z', '-N', '-X']),
    place(['-L', '-S', '-Z'], number),
    place(['-E'], chain),
    place(['-P'], fc.constantFrom('ACCEPT', 'DROP', 'RETURN', '')),
    words(
      '-L',
      '-L -n',
      '-L -nv',
      '-L -nvx',
      '-S',
      '-S -v',
      '-F',
      '-X',
      '-Z',
      '-L --line-numbers',
      '-L -t raw',
      '-S -n',
    ),
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.tuple(withRule, rule).map((lists) => lists.flat()) },
    { weight: 1, arbitrary: alone },
  );
}

function commands(family: 4 | 6): fc.Arbitrary<{ argv: string[]; stdin: string }> {
  const program = family === 4 ? 'iptables' : 'ip6tables';
  const line = commandLine(family);
  const plain = line.map((list) => ({ argv: [program, ...list], stdin: '' }));
  const quoted = (word: string) => (/^[^ \t"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`);
  const text = fc.oneof(
    { weight: 3, arbitrary: line.map((list) => list.map(quoted).join(' ')) },
    fc.constantFrom(
      ':foo - [0:0]',
      ':INPUT DROP [1:2]',
      ':q',
      '#x',
      '[1:2] -A INPUT',
      '[1:2 -A INPUT',
      'COMMIT ',
    ),
  );
  const restore = fc
    .tuple(
      fc.constantFrom('*filter', '*filter', '*nat', '* filter', '*nosuch'),
      fc.array(text, { maxLength: 5 }),
      words('-n', '-c', '-t', '-T filter', '-w', '-n -c'),
    )
    .map(([table, lines, options]) => ({
      argv: [`${program}-restore`, ...options],
      stdin: [table, ...lines, 'COMMIT', ''].join('\n'),
    }));
  const save = words('-c', '-t filter', '-t nosuch').map((options) => ({
    argv: [`${program}-save`, ...options],
    stdin: '',
  }));
  return fc.oneof({ weight: 8, arbitrary: plain }, { weight: 2, arbitrary: restore }, save);
}

describe.runIf(works)('random commands are answered as by the real tool', () => {
  it.each([4, 6] as const)('IPv%s', (family) => {
    fc.assert(
      fc.property(fc.array(commands(family), { minLength: 8, maxLength: 8 }), (list) => {
        const xtables = begin(family === 4 ? 'iptables' : 'ip6tables');
        for (const { argv, stdin } of list) {
          const mine = run(xtables, argv, stdin)!;
          if (mine.unsupported !== undefined) return;
          const theirs = real(argv, stdin);
          // Some commands make the real tool itself crash: it is ended by a signal and answers nothing.
          if (theirs.exit === -1) return;
          expect(comparable(mine), JSON.stringify([argv, stdin])).toEqual(comparable(theirs));
        }
      }),
      { numRuns: runs },
    );
  });
});
