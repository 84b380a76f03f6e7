import { expect, test } from 'vitest';
import { buildHost } from './build-host.ts';
import { FieldProblem } from './fields.ts';
import { readHostDescription } from './host-description.ts';
import { readScenario } from './scenario.ts';

const LAN = { name: 'lan0', mac: '02:00:00:00:00:01', mtu: 1500, addresses: ['192.0.2.1/24'] };

function problem(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof FieldProblem) return error.message;
    throw error;
  }
  throw new Error('was read');
}

test('the CPU that handles packets', () => {
  expect(buildHost(readHostDescription({ cpu: 3 })).cpu).toBe(3);
});

test('what is left out', () => {
  const host = readHostDescription({
    interfaces: [{ name: 'a' }, { name: 'b', mtu: 1280 }],
    sysctls: { x: 1 },
  });
  expect(host.interfaces).toEqual([
    { name: 'a', mac: '02:00:00:00:00:01', mtu: 1500, group: 0, addresses: [] },
    { name: 'b', mac: '02:00:00:00:00:02', mtu: 1280, group: 0, addresses: [] },
  ]);
  expect([...host.sysctls]).toEqual([['x', '1']]);
  expect(host.iptables).toBe('');
});

test.each<[unknown, string]>([
  [7, 'must be a host (an object of fields), is 7'],
  [{ iptabels: '' }, "iptabels: a host has no such field; is it 'iptables'? (it has interfaces, "],
  [{ interfaces: 'lan0' }, "interfaces: must be a list, is 'lan0'"],
  [
    { interfaces: [{ ...LAN, mac: '02:zz' }] },
    "interfaces[0].mac: '02:zz' is no MAC address; write six bytes",
  ],
  [{ interfaces: [LAN, LAN] }, "interfaces[1].name: there are two interfaces 'lan0'"],
  [{ interfaces: [{ ...LAN, name: 'a-name-of-16-chr' }] }, 'interfaces[0].name: '],
  [
    { interfaces: [{ ...LAN, mtu: 70000 }] },
    'interfaces[0].mtu: must be a whole number from 68 to 65535, is 70000',
  ],
  [{ interfaces: [{ ...LAN, addresses: ['192.0.2.1/33'] }] }, 'interfaces[0].addresses[0]: '],
  [{ interfaces: [{ ...LAN, addresses: ['192.0.2.256/24'] }] }, "'192.0.2.256' is no address"],
  [
    { sockets: [{ proto: 'udp', address: '0.0.0.0', port: 70000 }] },
    'sockets[0].port: must be a whole number',
  ],
  [{ sockets: [{ proto: 'sctp', address: '0.0.0.0', port: 7 }] }, "sockets[0].proto: must be 'udp' or 'tcp'"],
  [
    { interfaces: [LAN], neighbors: [{ dev: 'wan0', ip: '192.0.2.9', mac: LAN.mac }] },
    "neighbors[0].dev: there is no interface 'wan0'; the host has lan0",
  ],
  [{ sysctls: { 'net.ipv4.ip_forward': true } }, 'sysctls.net.ipv4.ip_forward: must be a text or a number'],
  [
    { services: 'ssh 22/tcp\nweb 70000/tcp' },
    "services: line 2: 'web 70000/tcp': 70000 is larger than 65535",
  ],
  [{ connlabels: 'voip 3' }, "connlabels: line 1: 'voip 3' is not of the form"],
  [{ cpu: -1 }, 'cpu: '],
  [{ interfaces: [{ ...LAN, group: 2 ** 31 }] }, 'interfaces[0].group: '],
  [{ users: 'root' }, "users: line 1: 'root' is not of the form"],
  [{ routes: ['default\nvia'] }, 'routes[0]: must be one line'],
])('%j', (value, message) => {
  expect(problem(() => readHostDescription(value))).toContain(message);
});

const SCENARIO = { name: 'x', about: '', tags: [], host: { interfaces: [LAN] }, steps: [] };

test.each<[unknown, string]>([
  [{ name: 'x', kernel: '6', steps: [] }, 'this is a recording'],
  [{ ...SCENARIO, name: '../x' }, "name: '../x' cannot be a file's name"],
  [{ ...SCENARIO, steps: undefined }, 'steps: must be a list of steps'],
  [
    { ...SCENARIO, steps: [{ in: 'wan0', frame: '00' }] },
    "steps[0].in: there is no interface 'wan0'; the host has lan0",
  ],
  [{ ...SCENARIO, steps: [{ in: 'lan0', frame: '00f' }] }, 'odd number of digits'],
  [{ ...SCENARIO, steps: [{ in: 'lan0', frame: '00fx' }] }, "has 'x' at character 4"],
  [{ ...SCENARIO, steps: [{ wait: -1 }] }, 'steps[0].wait: must be a number of seconds'],
  [{ ...SCENARIO, steps: [{ runn: 'x' }] }, "steps[0].runn: a step has no such field; is it 'run'?"],
  [{ ...SCENARIO, steps: [{ wait: 1, stdin: '' }] }, "steps[0].stdin: a step 'wait' has no such field"],
  [{ ...SCENARIO, steps: [{}] }, "steps[0]: a step has 'in' and 'frame', or"],
  [{ ...SCENARIO, random_ports: [1] }, 'random_ports: must be two ports'],
])('scenario %j', (value, message) => {
  expect(problem(() => readScenario(value))).toContain(message);
});
