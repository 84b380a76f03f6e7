import type { Services } from '../netfilter/services.ts';

const HZ = 250;
const MICROSECONDS_PER_JIFFY = 4000;
/** Averages are kept in 1/256. */
const SCALE = 256;

export interface EstimatorSettings {
  /** 0 to 5: measures every 2ⁿ quarters of a second. */
  readonly interval: number;
  /** 1 to 30: how slowly it follows, as a power of two. */
  readonly weight: number;
}

/**
 * A rate that follows what is counted with a delay: an exponentially weighted moving average
 * (net/core/gen_estimator.c est_timer).
 */
export class Estimator {
  readonly name: string;
  readonly settings: EstimatorSettings;
  users = 0;
  readonly #services: Services;
  #bytes = 0;
  #packets = 0;
  #measuredBytes = 0;
  #measuredPackets = 0;
  #averageBytes = 0;
  #averagePackets = 0;
  /** Jiffy of the next measurement. */
  #next: number;

  constructor(name: string, settings: EstimatorSettings, services: Services) {
    this.name = name;
    this.settings = settings;
    this.#services = services;
    this.#next = this.#now() + this.#period;
  }

  count(length: number): void {
    this.#measure();
    this.#bytes += length;
    this.#packets++;
  }

  /** Bytes a second. */
  get bytes(): number {
    this.#measure();
    return Math.floor(this.#averageBytes / SCALE);
  }

  /** Packets a second. */
  get packets(): number {
    this.#measure();
    return Math.floor(this.#averagePackets / SCALE);
  }

  get #period(): number {
    return Math.floor(HZ / 4) * 2 ** this.settings.interval;
  }

  #now(): number {
    return Math.floor(this.#services.now() / MICROSECONDS_PER_JIFFY);
  }

  /** Makes the measurements that were due by now. */
  #measure(): void {
    const now = this.#now();
    const { interval, weight } = this.settings;
    const share = 2 ** weight;
    // A count since the last measurement, as a rate a second in the averages' unit.
    const rate = 2 ** (10 - interval);
    while (this.#next <= now) {
      const bytes = Math.floor(((this.#bytes - this.#measuredBytes) * rate) / share);
      const packets = Math.floor(((this.#packets - this.#measuredPackets) * rate) / share);
      const lostBytes = Math.floor(this.#averageBytes / share);
      const lostPackets = Math.floor(this.#averagePackets / share);
      this.#measuredBytes = this.#bytes;
      this.#measuredPackets = this.#packets;
      this.#averageBytes += bytes - lostBytes;
      this.#averagePackets += packets - lostPackets;
      this.#next += this.#period;
      if (bytes === 0 && packets === 0 && lostBytes === 0 && lostPackets === 0) {
        // Nothing changes any more until something is counted.
        const left = Math.max(0, Math.ceil((now + 1 - this.#next) / this.#period));
        this.#next += left * this.#period;
      }
    }
  }
}

/** The estimators of a host by name. They are there as long as a rule counts in them or asks them. */
export class Estimators {
  readonly #byName = new Map<string, Estimator>();

  static create(): Estimators {
    return new Estimators();
  }

  find(name: string): Estimator | undefined {
    return this.#byName.get(name);
  }

  /** For one more rule. */
  use(estimator: Estimator, rule: { onDestroy(run: () => void): void }): Estimator {
    estimator.users++;
    this.#byName.set(estimator.name, estimator);
    rule.onDestroy(() => {
      estimator.users--;
      if (estimator.users === 0) this.#byName.delete(estimator.name);
    });
    return estimator;
  }
}
