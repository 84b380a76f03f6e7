/** Two hosts that talk through a router that tracks connections: what tests of trackers share. */
import { type Bench, bench } from '../../xtables/extension.fixture.ts';
import { type Connection, STATUS } from '../connection.ts';

const CLIENT = '192.0.2.10:5000';
const SERVER = '203.0.113.9:80';

export interface Talk extends Bench {
  /**
   * Sends segments and answers what became of the last: `> syn seq 100` goes from client to server, `< …` back.
   * The answer is state and seconds, `ESTABLISHED 300 assured`, with `INVALID ` before it; `gone` without connection.
   */
  says(...segments: string[]): string;
  connection(): Connection | undefined;
  sysctl(name: string, value: number): void;
}

export function talk(protocol: string): Talk {
  const b = bench();
  const { host } = b;
  const { conntrack, sysctl } = host;
  conntrack.acquire(4);
  const connection = () => [...conntrack.connections()][0];
  return {
    ...b,
    connection,
    sysctl: (name, value) => sysctl.set(`net.netfilter.nf_conntrack_${name}`, String(value)),
    says(...segments) {
      let invalid = 0;
      for (const segment of segments) {
        const before = conntrack.statistics.invalid;
        const ends = segment.startsWith('>') ? `${CLIENT} > ${SERVER}` : `${SERVER} > ${CLIENT}`;
        b.receive(`${protocol} ${ends} ${segment.slice(1)}`);
        invalid = conntrack.statistics.invalid - before;
      }
      const known = connection();
      if (known === undefined) return invalid > 0 ? 'INVALID' : 'gone';
      const state = conntrack.trackerOf(known.original.protocol).stateName?.(known);
      const seconds = Math.round((known.timeout - conntrack.services.timers.now) / 1e6);
      const assured = (known.status & STATUS.ASSURED) !== 0 ? ' assured' : '';
      return `${invalid > 0 ? 'INVALID ' : ''}${state} ${seconds}${assured}`;
    },
  };
}
