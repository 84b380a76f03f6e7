/**
 * Why does my packet not arrive? The journey of a packet, as text and as data.
 *
 *   npx tsx examples/why.ts
 */
import {
  buildHost,
  journeyText,
  packetWords,
  parsePacket,
  plainText,
  readHostDescription,
  recordJourneys,
} from '../src/index.ts'; // from 'fivehooks' in a program of your own

const host = buildHost(
  readHostDescription({
    interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24'] }],
    neighbors: [{ dev: 'eth0', ip: '192.0.2.7', mac: '02:00:00:00:00:07' }],
    iptables: `*filter
-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -m mark --mark 0x1 -j ACCEPT
-A INPUT -p tcp -j DROP
COMMIT
`,
  }),
);

const recorder = recordJourneys(host, packetWords);
const destination = host.interfaces.require('eth0').mac;
host.receive('eth0', parsePacket('tcp 192.0.2.7:40000 > 192.0.2.1:80 syn').frame({ destination }));

for (const journey of recorder.take()) {
  console.log(plainText(journeyText(journey)));
  const asked = journey.steps.flatMap((step) => (step.kind === 'hook' ? step.asked : []));
  for (const { number, test, value } of asked.filter(({ outcome }) => outcome === 'missed')) {
    console.log(`rule ${number} wants ${test}; the packet has ${value}`);
  }
}
