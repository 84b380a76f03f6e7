/** Answers of the real tools that are odd, recorded. */
import { expect, test } from 'vitest';
import { freshXtables } from './cases.fixture.ts';
import { runRestore } from './restore.ts';
import { runSave } from './save.ts';

function restore(options: string, ...lines: string[]) {
  const xtables = freshXtables();
  return runRestore(
    xtables,
    4,
    ['iptables-restore', ...options.split(' ')],
    `*filter\n${lines.join('\n')}\nCOMMIT\n`,
  );
}

test('iptables-restore -v speaks of each rule, but not with --noflush', () => {
  expect(restore('-v', '# hello', '-A INPUT -j DROP').stdout).toBe(
    "Flushing chain `INPUT'\nFlushing chain `FORWARD'\nFlushing chain `OUTPUT'\n# hello\n" +
      'DROP  all opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0  \n',
  );
  expect(restore('-n -v', '# hello', '-A INPUT -j DROP').stdout).toBe('# hello\n');
});

test('-S within iptables-restore ends at a jump that is not committed yet', () => {
  const lines = [':foo -', '-A INPUT -p udp -j foo', '-S INPUT'];
  expect(restore('-w', ...lines)).toMatchObject({
    exit: 1,
    stdout: '-P INPUT ACCEPT\n-A INPUT -p udp',
    stderr: "Can't find library for target `foo'\n",
  });
});

test('iptables-save -d prints at once, what stands behind it is not read', () => {
  const xtables = freshXtables();
  for (const table of ['filter', 'raw']) xtables.table(4, table);
  const save = (...words: string[]) => runSave(xtables, 4, ['iptables-save', ...words], 0).stdout;
  expect(save('-d', '-t', 'raw')).toBe(save());
  expect(save('-t', 'raw', '-d')).toBe(save('-t', 'raw'));
  expect(save('-t', 'raw')).not.toBe(save());
});
