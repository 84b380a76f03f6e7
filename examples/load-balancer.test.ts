import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { sharesPicture } from './load-balancer-picture.ts';

it('the example adds, drains and weighs targets, and no connection moves', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { events, shares } = await import('./load-balancer.ts');
  const lines = printed.mock.calls.map(([line]) => String(line));
  printed.mockRestore();
  expect(lines).toEqual([
    '  of the last hundred: 50, 50, 0',
    'after 1000 connections: 10.0.0.3 is added, weight 2',
    '  of the last hundred: 25, 25, 50',
    'after 2000 connections: 10.0.0.1 drains',
    '  of the last hundred: 0, 33, 67',
    'after 3000 connections: 10.0.0.2 gets weight 6',
    '  of the last hundred: 0, 75, 25',
    '4000 connections, 0 moved',
    'IP Virtual Server version 1.2.1 (size=4096)\n' +
      'Prot LocalAddress:Port Scheduler Flags\n' +
      '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n' +
      'TCP  192.0.2.1:80 wrr\n' +
      '  -> 10.0.0.1:8080                Masq    0      750        0         \n' +
      '  -> 10.0.0.2:8080                Masq    6      1833       0         \n' +
      '  -> 10.0.0.3:8080                Masq    2      1417       0         \n',
  ]);
  // The picture is of this very run.
  const picture = readFileSync(new URL('load-balancer.svg', import.meta.url), 'utf8');
  expect(sharesPicture(shares, events)).toBe(picture);
});
