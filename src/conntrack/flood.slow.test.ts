import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { parsePacket } from '../formats/packet-language/index.ts';
import { set32 } from '../wire/bytes.ts';
import { checksum } from '../wire/checksum.ts';
import { setIpv4Checksum } from '../wire/ipv4.ts';
import { bench } from '../xtables/extension.fixture.ts';
import { STATUS } from './connection.ts';

const LIMIT = 65_536;
const SOURCES = process.env.FIVEHOOKS_LONG === undefined ? 400_000 : 1_000_000;
const ESTABLISHED = 500;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a SYN flood into a full table: established connections stay, memory stays, each packet costs the same', () => {
  const b = bench();
  const { host } = b;
  const { conntrack } = host;
  conntrack.acquire(4);
  host.sysctl.set('net.netfilter.nf_conntrack_max', String(LIMIT));
  for (let i = 0; i < ESTABLISHED; i++) {
    const port = 10_000 + i;
    b.receive(`tcp 192.0.2.10:${port} > 203.0.113.9:80 syn seq 1`);
    b.receive(`tcp 203.0.113.9:80 > 192.0.2.10:${port} syn,ack seq 1 ack 2`);
    b.receive(`tcp 192.0.2.10:${port} > 203.0.113.9:80 seq 2 ack 2`);
  }
  const established = [...conntrack.connections()];
  expect(established.filter(({ status }) => (status & STATUS.ASSURED) !== 0)).toHaveLength(ESTABLISHED);

  host.transmit = () => {};
  host.sysctl.set('net.netfilter.nf_conntrack_checksum', '0');
  const frame = parsePacket('tcp 192.0.2.10:1 > 203.0.113.9:80 syn').frame({
    destination: host.interfaces.require('lan0').mac,
    source: Uint8Array.of(2, 0, 0, 0, 1, 0x10),
  });
  const quarters: number[] = [];
  const heaps: number[] = [];
  let source = 0;
  let over = 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < SOURCES / 4; i++) {
      set32(frame, 14 + 12, (10 << 24) | source++);
      setIpv4Checksum(frame, 14, 0);
      setIpv4Checksum(frame, 14, checksum(frame, 14, 34));
      host.receive('lan0', frame);
      if (conntrack.count > LIMIT) over++;
    }
    quarters.push(Number(process.hrtime.bigint() - start));
    collectGarbage();
    heaps.push(process.memoryUsage().heapUsed);
  }
  expect(over).toBe(0);
  expect(conntrack.count).toBeGreaterThan(LIMIT * 0.99);
  expect(established.every(({ dying }) => !dying)).toBe(true);
  // The table is full from the first quarter on.
  expect(heaps[3]! - heaps[0]!).toBeLessThan(10e6);
  expect(quarters[3]!).toBeLessThan(quarters[1]! * 3);
});
