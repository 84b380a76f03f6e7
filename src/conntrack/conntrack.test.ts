import { describe, expect, test } from 'vitest';
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
});
