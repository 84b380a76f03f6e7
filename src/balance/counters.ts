/** How often the rates are estimated, in microseconds (net/netfilter/ipvs/ip_vs_est.c). */
const PERIOD = 2e6;

/** What passed: connections, packets and bytes of both ways, and the rates of each. */
export class Counters {
  connections = 0;
  inPackets = 0;
  outPackets = 0;
  inBytes = 0;
  outBytes = 0;
  /** Per second, averaged: each estimate counts a quarter. */
  readonly rates = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
  readonly #seen = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
  #last: number;

  constructor(now: number) {
    this.#last = now;
  }

  connection(now: number): void {
    if (now - this.#last >= PERIOD) this.estimate(now);
    this.connections++;
  }

  packetIn(now: number, length: number): void {
    if (now - this.#last >= PERIOD) this.estimate(now);
    this.inPackets++;
    this.inBytes += length;
  }

  packetOut(now: number, length: number): void {
    if (now - this.#last >= PERIOD) this.estimate(now);
    this.outPackets++;
    this.outBytes += length;
  }

  /** Brings {@link rates} up to the moment: as if it had been called every two seconds. */
  estimate(now: number): void {
    const periods = Math.floor((now - this.#last) / PERIOD);
    if (periods <= 0) return;
    this.#last += periods * PERIOD;
    const idle = 0.75 ** (periods - 1);
    for (const key of KEYS) {
      const rate = ((this[key] - this.#seen[key]) * 1e6) / PERIOD;
      this.rates[key] = (this.rates[key] + (rate - this.rates[key]) / 4) * idle;
      this.#seen[key] = this[key];
    }
  }

  zero(): void {
    for (const key of KEYS) {
      this[key] = 0;
      this.rates[key] = 0;
      this.#seen[key] = 0;
    }
  }
}

const KEYS = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;
