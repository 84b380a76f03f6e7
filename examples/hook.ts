/**
 * A hook function of your own, beside those of iptables: it counts, drops, queues and rewrites.
 *
 *   npx tsx examples/hook.ts
 */
import {
  ACCEPT,
  buildHost,
  DROP,
  FORWARD,
  type Packet,
  parsePacket,
  printPacket,
  queueTo,
  readHostDescription,
  summarizeFrame,
  type Verdict,
} from '../src/index.ts'; // from 'fivehooks' in a program of your own

const host = buildHost(
  readHostDescription({
    interfaces: [
      { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24'] },
      { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24'] },
    ],
    neighbors: [{ dev: 'wan0', ip: '203.0.113.9', mac: '02:00:00:00:02:09' }],
    sysctls: { 'net.ipv4.ip_forward': '1' },
  }),
);
host.transmit = (device, frame) => console.log(`  ${device} sends ${summarizeFrame(frame)}`);

// The hook function.
const seen = new Map<number, number>();
function watch(packet: Packet): Verdict {
  const port = packet.bytes[packet.transport + 2]! * 256 + packet.bytes[packet.transport + 3]!;
  seen.set(port, (seen.get(port) ?? 0) + 1); // count
  if (port === 23) return DROP; // no telnet
  if (port === 53) return queueTo(1); // the listener below decides on names
  packet.mark = 7; // what policy routing and iptables -m mark look at
  return ACCEPT;
}
const unhook = host.hooks.register({ name: 'watch', family: 4, hook: FORWARD, priority: 10, run: watch });

// The listener gets a copy of each packet of queue 1 and may give another one back: here with a higher priority. A line
// of the packet language is an easy way to rewrite one: lengths and checksums come right by themselves.
host.queues.listen(1, ({ id, payload }, answer) => {
  const { packet } = parsePacket(`${printPacket(payload)} tos 0x10`);
  answer(id, ACCEPT, packet ? { payload: packet } : {});
});

for (const text of [
  'tcp 192.0.2.10:40000 > 203.0.113.9:80 syn',
  'tcp 192.0.2.10:40001 > 203.0.113.9:23 syn',
  'udp 192.0.2.10:40002 > 203.0.113.9:53 "who is it?"',
]) {
  console.log(text);
  host.receive('lan0', parsePacket(text).frame({ destination: host.interfaces.require('lan0').mac }));
}
unhook();
for (const [port, packets] of seen) console.log(`port ${port}: ${packets} packet${packets === 1 ? '' : 's'}`);
