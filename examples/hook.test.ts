import { expect, it, vi } from 'vitest';

it('the example counts, drops, queues and rewrites', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./hook.ts');
  const lines = printed.mock.calls.map(([line]) => String(line));
  printed.mockRestore();
  expect(lines).toEqual([
    'tcp 192.0.2.10:40000 > 203.0.113.9:80 syn',
    '  wan0 sends tcp 192.0.2.10:40000 > 203.0.113.9:80 syn',
    'tcp 192.0.2.10:40001 > 203.0.113.9:23 syn',
    'udp 192.0.2.10:40002 > 203.0.113.9:53 "who is it?"',
    '  wan0 sends udp 192.0.2.10:40002 > 203.0.113.9:53 len 10',
    'port 80: 1 packet',
    'port 23: 1 packet',
    'port 53: 1 packet',
  ]);
});
