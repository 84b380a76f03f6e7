import { expect, it, vi } from 'vitest';

it('the example translates, forwards a port, and forgets with its uplink', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./nat-gateway.ts');
  const lines = printed.mock.calls.map(([line]) => String(line));
  printed.mockRestore();
  const sent = lines.filter((line) => line.startsWith('  '));
  expect(sent).toHaveLength(5);
  expect(sent[0]).toBe('  wan0 udp 203.0.113.1:5000 > 198.51.100.53:53 len 1');
  expect(sent[1]).toMatch(/ {2}wan0 udp 203\.0\.113\.1:(?!5000)\d+ > 198\.51\.100\.53:53 len 1/);
  expect(sent[2]).toBe('  lan0 udp 198.51.100.53:53 > 192.168.1.10:5000 len 6');
  expect(sent[3]).toContain('  lan0 tcp 198.51.100.9:40000 > 192.168.1.11:80 syn');
  expect(sent[4]).toContain('  wan0 tcp 203.0.113.1:8080 > 198.51.100.9:40000 syn,ack');
  expect(lines.filter((line) => line.startsWith('ipv4 2 '))).toHaveLength(3);
  // The forwarded connection was not masqueraded, and stays.
  expect(lines.filter((line) => line.startsWith('gone: ipv4 2 udp'))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith('gone: '))).toHaveLength(2);
});
