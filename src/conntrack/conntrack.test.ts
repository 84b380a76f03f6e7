import { describe, expect, test } from 'vitest';
import { ACCEPT } from '../netfilter/verdict.ts';
import { bench } from '../xtables/extension.fixture.ts';
import { STATUS } from './connection.ts';

const REQUEST = 'udp 192.0.2.10:5000 > 203.0.113.9:53';

describe('connection tracking', () => {
  test('watches nothing until somebody needs it', () => {
    const b = bench();
    b.receive(REQUEST);
    expect(b.host.conntrack.count).toBe(0);
    b.host.conntrack.acquire(4);
    b.receive(REQUEST);
    expect(b.host.conntrack.count).toBe(1);
  });

  test('a first packet that is dropped leaves nothing', () => {
    const b = bench();
    b.host.conntrack.acquire(4);
    b.run('iptables -A FORWARD -p udp -j DROP');
    b.receive(REQUEST);
    expect(b.host.conntrack.count).toBe(0);
  });

  test('a reply makes it seen, and time ends it', () => {
    const b = bench();
    const { conntrack } = b.host;
    conntrack.acquire(4);
    b.receive(REQUEST);
    b.receive('udp 203.0.113.9:53 > 192.0.2.10:5000');
    const [connection] = [...conntrack.connections()];
    expect(connection!.status & STATUS.SEEN_REPLY).not.toBe(0);
    b.host.advance(29);
    expect(conntrack.count).toBe(1);
    b.host.advance(2);
    expect(conntrack.count).toBe(0);
  });

  test('the table has a limit, and makes room for what was answered', () => {
    const b = bench();
    const { conntrack } = b.host;
    conntrack.acquire(4);
    b.host.sysctl.set('net.netfilter.nf_conntrack_max', '8');
    for (let port = 1; port < 100; port++) b.receive(`udp 192.0.2.10:${port} > 203.0.113.9:53`);
    expect(conntrack.count).toBeLessThanOrEqual(8);
    expect(conntrack.statistics.earlyDrop + conntrack.statistics.drop).toBe(91);
  });

  test('two first packets of one flow that wait in a queue become one connection', () => {
    const b = bench();
    const { conntrack } = b.host;
    conntrack.acquire(4);
    b.run('iptables -A FORWARD -p udp -j NFQUEUE --queue-num 3');
    const waiting: (() => void)[] = [];
    b.host.queues.listen(3, ({ id }, answer) => {
      waiting.push(() => answer(id, ACCEPT));
    });
    b.receive(REQUEST);
    b.receive(REQUEST);
    expect(b.out).toHaveLength(0);
    for (const release of waiting) release();
    expect(b.out).toHaveLength(2);
    expect(conntrack.count).toBe(1);
    expect(conntrack.statistics.clashResolve).toBe(1);
  });

  test('two first packets that NAT has led to different places both go on', () => {
    const b = bench();
    const { conntrack } = b.host;
    b.run(
      'iptables -t nat -A PREROUTING -p udp -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 203.0.113.9:5353',
    );
    b.run('iptables -A FORWARD -p udp -j NFQUEUE --queue-num 3');
    const waiting: (() => void)[] = [];
    b.host.queues.listen(3, ({ id }, answer) => {
      waiting.push(() => answer(id, ACCEPT));
    });
    b.receive(REQUEST);
    b.receive(REQUEST);
    for (const release of waiting) release();
    expect(b.out).toHaveLength(2);
    expect(conntrack.count).toBe(2);
    expect([...conntrack.connections()]).toHaveLength(1);
    // Both answers find their way, under the name that was asked.
    b.receive('udp 203.0.113.9:53 > 192.0.2.10:5000');
    b.receive('udp 203.0.113.9:5353 > 192.0.2.10:5000');
    for (const release of waiting.splice(2)) release();
    expect(b.out.slice(2).every((frame) => frame.includes('cb007109c000020a00351388'))).toBe(true);
    b.host.advance(2);
    expect(conntrack.count).toBe(1);
  });
});
