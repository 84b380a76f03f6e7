/** How fast packets are looked up in sets of 100,000 elements: `npx tsx --expose-gc bench/ipset.ts [ELEMENTS]`. */

import { ipset } from '../src/commands/ipset/ipset.ts';
import { fakeServices, freshXtables } from '../src/commands/iptables/cases.fixture.ts';
import { PacketSets, type Question } from '../src/ipset/packet.ts';
import { Sets } from '../src/ipset/sets.ts';
import { Packet } from '../src/netfilter/packet.ts';
import { Timers } from '../src/netfilter/timers.ts';

const count = Number(process.argv[2] ?? 100_000);
const lookups = 2_000_000;
const xtables = freshXtables();
const services = fakeServices();
const machine = { xtables, services, timers: new Timers() };
const question: Question = {
  source: [true, false],
  returnNomatch: false,
  updateCounters: true,
  updateSubcounters: true,
  counters: undefined,
};
const place = { inDevice: 2, outDevice: 3, transport: 0, fragment: 0 };

const address = (i: number): string => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const KINDS: readonly (readonly [type: string, element: (i: number) => string])[] = [
  ['hash:ip', (i) => address(i + 1)],
  ['hash:ip counters timeout 600', (i) => address(i + 1)],
  ['hash:ip,port', (i) => `${address(i + 1)},tcp:80`],
  ['hash:net', (i) => `${address(i + 1)}/${[32, 31, 30, 24][i % 4]}`],
];

for (const [type, element] of KINDS) {
  const lines = [`create x ${type} maxelem ${count + 1} -exist`];
  for (let i = 0; i < count; i++) lines.push(`add x ${element(i)}`);
  const [loaded, result] = timed(() => ipset(machine, ['ipset', 'restore'], lines.join('\n')));
  if (result.exit !== 0) throw new Error(result.stderr);
  const slot = xtables.shared(Sets).find('x')!;
  const packets = new PacketSets(services);
  const packet = tcpPacket();
  let found = 0;
  const run = (times: number) => {
    for (let i = 0; i < times; i++) {
      // Half of them are there.
      const n = (i * 2654435761) % (2 * count);
      packet.bytes[packet.network + 13] = n >> 16;
      packet.bytes[packet.network + 14] = n >> 8;
      packet.bytes[packet.network + 15] = n;
      if (packets.test(slot, packet, place, question)) found++;
    }
  };
  run(100_000);
  found = 0;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const [taken] = timed(() => run(lookups));
  const grown = process.memoryUsage().heapUsed - before;
  console.log(
    `${type}: ${count} elements restored in ${loaded.toFixed(0)} ms; a look-up takes ` +
      `${((taken * 1e6) / lookups).toFixed(0)} ns, ${((100 * found) / lookups).toFixed(0)} % found, ` +
      `${(grown / lookups).toFixed(2)} bytes of heap each`,
  );
  ipset(machine, ['ipset', 'destroy', 'x'], '');
}

function tcpPacket(): Packet {
  const packet = new Packet();
  packet.reset();
  const header = [0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 7, 192, 0, 2, 1];
  const tcp = [0x9c, 0x40, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0];
  packet.resize(40);
  packet.bytes.set([...header, ...tcp], packet.network);
  packet.family = 4;
  return packet;
}

function timed<T>(run: () => T): [number, T] {
  const start = performance.now();
  const answer = run();
  return [performance.now() - start, answer];
}
