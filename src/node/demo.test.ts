import { expect, it, vi } from 'vitest';
import { main } from './program.ts';

it('npm start carries real traffic as Linux did, and shows how', async () => {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const before = process.exitCode;
  process.exitCode = 0;
  const status = await main(['demo']);
  process.exitCode = before;
  vi.restoreAllMocks();
  const lines = printed.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\d+ packets that tcpdump recorded on a router/);
  expect(lines.at(-2)).toMatch(/^all \d+ frames that left are those of Linux's router, to the byte$/);
  expect(lines.at(-1)).toBe("all 10 lines of the kernel log are those of Linux's router, to the byte");
  expect(lines).toContainEqual(expect.stringMatching(/^dropped by rule 2 of filter log-drop: /));
  expect(printed).toMatch(/log {2}FW drop: IN=wan0 OUT= MAC=/);
  expect(status).toBe(0);
});
