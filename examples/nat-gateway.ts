/**
 * A NAT gateway in a program: two hosts behind one address, a port forwarded to one of them, and the connections that the
 * gateway knows.
 *
 *   npx tsx examples/nat-gateway.ts
 */
import { buildHost, connectionLine, parsePacket, readHostDescription, summarizeFrame } from '../src/index.ts'; // from 'fivehooks' in a program of your own

const gateway = buildHost(
  readHostDescription({
    interfaces: [
      { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['192.168.1.1/24'] },
      { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24'] },
    ],
    neighbors: [
      { dev: 'lan0', ip: '192.168.1.10', mac: '02:00:00:00:01:10' },
      { dev: 'lan0', ip: '192.168.1.11', mac: '02:00:00:00:01:11' },
      { dev: 'wan0', ip: '203.0.113.254', mac: '02:00:00:00:02:fe' },
    ],
    routes: ['default via 203.0.113.254 dev wan0'],
    sysctls: { 'net.ipv4.ip_forward': '1' },
    iptables: `*nat
-A PREROUTING -i wan0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.168.1.11:80
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A FORWARD -i lan0 -o wan0 -j ACCEPT
-A FORWARD -i wan0 -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
`,
  }),
  { transmit: (device, frame) => console.log(`  ${device} ${summarizeFrame(frame)}`) },
);

gateway.conntrack.events.listen((kind, connection) => {
  if (kind === 'destroy') console.log(`gone: ${connectionLine(connection, gateway.conntrack)}`);
});

function arrives(device: 'lan0' | 'wan0', text: string): void {
  console.log(text);
  const { mac } = gateway.interfaces.require(device);
  gateway.receive(device, parsePacket(text).frame({ destination: mac }));
}

console.log('Two clients with the same port: the second gets another.');
arrives('lan0', 'udp 192.168.1.10:5000 > 198.51.100.53:53 "a"');
arrives('lan0', 'udp 192.168.1.11:5000 > 198.51.100.53:53 "b"');
arrives('wan0', 'udp 198.51.100.53:53 > 203.0.113.1:5000 "answer"');

console.log('A stranger may ask the forwarded port, and nothing else.');
arrives('wan0', 'tcp 198.51.100.9:40000 > 203.0.113.1:8080 syn');
arrives('lan0', 'tcp 192.168.1.11:80 > 198.51.100.9:40000 syn,ack ack 1');
arrives('wan0', 'tcp 198.51.100.9:40000 > 192.168.1.10:22 syn');

console.log('What the gateway knows:');
for (const connection of gateway.conntrack.connections()) {
  console.log(connectionLine(connection, gateway.conntrack));
}

console.log('The uplink goes down, and with it what was masqueraded:');
gateway.interfaces.setUp(gateway.interfaces.require('wan0'), false);
