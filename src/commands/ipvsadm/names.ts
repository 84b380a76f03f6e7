import type { Address } from '../../balance/address.ts';
import { printAddress } from '../../balance/address.ts';
import type { Host } from '../../host/host.ts';

/** Writes addresses and ports, by name or as numbers. */
export class Printer {
  readonly #host: Host;
  readonly #numeric: boolean;

  constructor(host: Host, numeric: boolean) {
    this.#host = host;
    this.#numeric = numeric;
  }

  /** `192.0.2.1:80`, `[2001:db8::1]:http`. Protocol 0 has no names of ports. */
  endpoint(address: Address, port: number, protocol: number): string {
    const host = this.address(address);
    const text = address.family === 6 && host.includes(':') ? `[${host}]` : host;
    return `${text}:${this.#port(port, protocol)}`;
  }

  address(address: Address): string {
    const { family, a, b, c, d } = address;
    if (!this.#numeric) {
      const name = this.#host.xtables.names.hostName(family === 4 ? [a] : [a, b, c, d]);
      if (name !== undefined) return name;
    }
    return printAddress(family, a, b, c, d);
  }

  #port(port: number, protocol: number): string {
    if (this.#numeric || protocol === 0) return String(port);
    const name = this.#host.xtables.names.serviceName(port, protocol === 6 ? 'tcp' : 'udp');
    return name ?? String(port);
  }
}
