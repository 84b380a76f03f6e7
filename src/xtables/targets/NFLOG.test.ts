import { expect, test } from 'vitest';
import type { LoggedPacket } from '../../netfilter/log-groups.ts';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

test('the listener of the group gets a copy, and the packet goes on', () => {
  const { host, run, receive, out } = bench();
  run('iptables -A FORWARD -j NFLOG --nflog-group 5 --nflog-prefix abc --nflog-size 20');
  run('iptables -A FORWARD -j NFLOG --nflog-group 6');
  const seen: LoggedPacket[] = [];
  const stop = host.logGroups.listen(5, (packet) => seen.push(packet));
  expect(() => host.logGroups.listen(5, () => {})).toThrow('group 5: somebody listens there already');
  expect(() => host.logGroups.listen(65536, () => {})).toThrow('must be 0 to 65535');
  receive(PACKET);
  expect(seen).toHaveLength(1);
  const [one] = seen;
  expect(one).toMatchObject({ group: 5, prefix: 'abc', hook: 2, family: 4, mark: 0 });
  expect(one?.payload).toHaveLength(20);
  expect(one?.length).toBe((out[0]?.split(' ')[1]?.length ?? 0) / 2);
  stop();
  receive(PACKET);
  expect(seen).toHaveLength(1);
  expect(out).toHaveLength(2);
});
