import { buildHost } from '../formats/build-host.ts';
import { readHostDescription } from '../formats/host-description.ts';
import { parsePacket, summarizeFrame } from '../formats/packet-language/index.ts';
import type { Host } from '../host/host.ts';

const BACKENDS = Array.from({ length: 12 }, (_, i) => i + 1);

/** A balancer between clients on `wan0` and backends 10.0.0.1…, fd00::1… on `lan0`; and what it sends. */
export class Bench {
  readonly host: Host;
  readonly sent: { device: string; frame: Uint8Array }[] = [];

  constructor(seed = 1) {
    this.host = buildHost(
      readHostDescription({
        interfaces: [
          { name: 'wan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
          { name: 'lan0', mac: '02:00:00:00:00:02', addresses: ['10.0.0.254/24', 'fd00::254/64'] },
        ],
        neighbors: [
          { dev: 'wan0', ip: '192.0.2.254', mac: '02:00:00:00:01:fe' },
          { dev: 'wan0', ip: '2001:db8::fe', mac: '02:00:00:00:01:fe' },
          ...BACKENDS.flatMap((i) => {
            const mac = `02:00:00:00:02:${i.toString(16).padStart(2, '0')}`;
            return [
              { dev: 'lan0', ip: `10.0.0.${i}`, mac },
              { dev: 'lan0', ip: `fd00::${i.toString(16)}`, mac },
            ];
          }),
        ],
        routes: ['default via 192.0.2.254', '-6 default via 2001:db8::fe'],
        sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' },
      }),
      { seed },
    );
    this.host.transmit = (device, frame) => this.sent.push({ device, frame: frame.slice() });
  }

  /** A packet of the packet language arrives; answers what was sent, each as `device: packet`. */
  receive(device: string, text: string): string[] {
    const { mac } = this.host.interfaces.require(device);
    return this.frames(device, parsePacket(text).frame({ destination: mac }));
  }

  frames(device: string, frame: Uint8Array): string[] {
    this.sent.length = 0;
    this.host.receive(device, frame);
    return this.sent.map((one) => `${one.device}: ${summarizeFrame(one.frame)}`);
  }
}
