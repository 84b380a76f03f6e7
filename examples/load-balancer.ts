/**
 * A load balancer: targets that come, drain and change their weights while connections flow. No connection moves.
 *
 *   npx tsx examples/load-balancer.ts
 */
import { buildHost, parsePacket, readHostDescription, runLine } from '../src/index.ts'; // from 'fivehooks' in a program of your own

const host = buildHost(
  readHostDescription({
    interfaces: [
      { name: 'wan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24'] },
      { name: 'lan0', mac: '02:00:00:00:00:02', addresses: ['10.0.0.254/24'] },
    ],
    neighbors: [1, 2, 3].map((i) => ({ dev: 'lan0', ip: `10.0.0.${i}`, mac: `02:00:00:00:02:0${i}` })),
    sysctls: { 'net.ipv4.ip_forward': '1' },
  }),
);

/** What happens, by the number of connections that have come. The same as with the commands of ipvsadm. */
const web = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
const { balancer } = host;
balancer.addService(web, { scheduler: 'wrr' });
balancer.addBackend(web, { address: '10.0.0.1', port: 8080 });
balancer.addBackend(web, { address: '10.0.0.2', port: 8080 });
export const events: readonly { readonly at: number; readonly what: string; readonly run: () => void }[] = [
  {
    at: 1000,
    what: '10.0.0.3 is added, weight 2',
    run: () => balancer.addBackend(web, { address: '10.0.0.3', port: 8080 }, { weight: 2 }),
  },
  {
    at: 2000,
    what: '10.0.0.1 drains',
    run: () => balancer.drainBackend(web, { address: '10.0.0.1', port: 8080 }),
  },
  {
    at: 3000,
    what: '10.0.0.2 gets weight 6',
    run: () => balancer.editBackend(web, { address: '10.0.0.2', port: 8080 }, { weight: 6 }),
  },
];

/** New connections of each target, for every hundred that came. */
export const shares: { readonly at: number; readonly counts: readonly number[] }[] = [];
let counts = [0, 0, 0];
balancer.onConnection = ({ connection }): void => {
  const target = (connection.backend.address.a & 255) - 1;
  counts[target] = (counts[target] ?? 0) + 1;
};

/** Where a client's packet goes: the last number of the target's address. */
function send(client: number, flags: string): number {
  let target = 0;
  host.transmit = (device, frame) => {
    if (device === 'lan0') target = frame[14 + 19] ?? 0;
  };
  const from = `198.51.100.${1 + (client % 250)}:${1024 + client}`;
  const { mac } = host.interfaces.require('wan0');
  host.receive('wan0', parsePacket(`tcp ${from} > 192.0.2.1:80 ${flags}`).frame({ destination: mac }));
  return target;
}

const homes: number[] = [];
for (let client = 0; client < 4000; client++) {
  for (const { at, what, run } of events) {
    if (at !== client) continue;
    run();
    console.log(`after ${at} connections: ${what}`);
  }
  homes.push(send(client, 'syn'));
  send(client, 'ack');
  if (client % 100 < 99) continue;
  shares.push({ at: client + 1, counts });
  if (client % 1000 === 999) console.log(`  of the last hundred: ${counts.join(', ')}`);
  counts = [0, 0, 0];
}
const moved = homes.filter((home, client) => send(client, 'ack,psh') !== home).length;
console.log(`${homes.length} connections, ${moved} moved`);
console.log(runLine(host, 'ipvsadm -Ln')?.stdout);
