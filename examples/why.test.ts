import { expect, it, vi } from 'vitest';

it('the example says which rule dropped the packet, and why not another', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./why.ts');
  const lines = printed.mock.calls.map(([line]) => String(line));
  printed.mockRestore();
  expect(lines[0]).toContain('dropped by rule 3 of filter INPUT: -A INPUT -p tcp -j DROP\n');
  expect(lines.slice(1)).toEqual([
    'rule 1 wants -m tcp --dport 443; the packet has 80',
    'rule 2 wants -m mark --mark 0x1; the packet has 0x0',
  ]);
});
