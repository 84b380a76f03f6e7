import type { Connection } from '../connection.ts';
import type { ConntrackSettings, SettingCell } from '../settings.ts';
import { RST, TCP_CLOSE, TCP_FLAG, TCP_TIMEOUTS, type TcpData } from './tcp-state.ts';

/** Timeouts that belong to no state stand behind those of the states, also in a rule's own policy. */
const RETRANSMITTED = 10;
const UNACKNOWLEDGED = 11;

/** How long a connection lives without a further segment, seconds. */
export class TcpTimeouts {
  /** By state, then {@link RETRANSMITTED} and {@link UNACKNOWLEDGED}. */
  readonly #cells: readonly SettingCell[];
  readonly #maxRetransmissions: SettingCell;

  constructor(settings: ConntrackSettings) {
    this.#maxRetransmissions = settings.define('nf_conntrack_tcp_max_retrans', 3, { min: 0, max: 255 });
    this.#cells = TCP_TIMEOUTS.map(([name, seconds]) =>
      name === undefined ? { value: seconds } : settings.timeout(`tcp_timeout_${name}`, seconds),
    );
  }

  /** After a segment of kind `index` (SYN to NOTHING) that led to the connection's state. */
  after(connection: Connection, data: TcpData, index: number): number {
    const seconds = this.#of(connection, connection.state);
    const retransmitted = this.#of(connection, RETRANSMITTED);
    if (data.retransmissions >= this.#maxRetransmissions.value && seconds > retransmitted)
      return retransmitted;
    if (index === RST) return this.#of(connection, TCP_CLOSE);
    if (((data.sides[0].flags | data.sides[1].flags) & TCP_FLAG.DATA_UNACKNOWLEDGED) !== 0) {
      const unacknowledged = this.unacknowledged(connection);
      if (seconds > unacknowledged) return unacknowledged;
    }
    return data.lastWindow === 0 ? Math.min(seconds, retransmitted) : seconds;
  }

  /** While one side is not heard. */
  unacknowledged(connection: Connection): number {
    return this.#of(connection, UNACKNOWLEDGED);
  }

  #of(connection: Connection, which: number): number {
    return connection.timeouts?.[which] ?? this.#cells[which]!.value;
  }
}
