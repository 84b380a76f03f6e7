import type { Connection } from './connection.ts';
import type { Expectation } from './expectations.ts';

/** Bits of what can happen to a connection (enum ip_conntrack_events, as masks). */
export const EVENT = {
  NEW: 1 << 0,
  RELATED: 1 << 1,
  DESTROY: 1 << 2,
  REPLY: 1 << 3,
  ASSURED: 1 << 4,
  PROTOINFO: 1 << 5,
  HELPER: 1 << 6,
  MARK: 1 << 7,
  NATSEQADJ: 1 << 8,
  SECMARK: 1 << 9,
  LABEL: 1 << 10,
  SYNPROXY: 1 << 11,
} as const;

/** `new`, `update` and `destroy` as `conntrack -E` knows them. */
export type ConnectionEventKind = 'new' | 'update' | 'destroy';

/** Told when something happened to a connection; `what` are bits of {@link EVENT}. It is good to read for the call. */
export type ConnectionListener = (kind: ConnectionEventKind, connection: Connection, what: number) => void;
export type ExpectationListener = (kind: 'new' | 'destroy', expectation: Expectation) => void;

/** Who listens to connections. Nobody listening costs one comparison. */
export class ConnectionEvents {
  #connections: ConnectionListener[] = [];
  #expectations: ExpectationListener[] = [];

  get listened(): boolean {
    return this.#connections.length > 0;
  }

  /** Listens to connections; the answer stops it. */
  listen(listener: ConnectionListener): () => void {
    this.#connections = [...this.#connections, listener];
    return () => {
      this.#connections = this.#connections.filter((other) => other !== listener);
    };
  }

  listenExpectations(listener: ExpectationListener): () => void {
    this.#expectations = [...this.#expectations, listener];
    return () => {
      this.#expectations = this.#expectations.filter((other) => other !== listener);
    };
  }

  /** Something happened: kept with the connection until its packet has passed. (nf_conntrack_event_cache) */
  note(connection: Connection, what: number): void {
    if (this.#connections.length > 0) connection.pendingEvents |= what;
  }

  /** Tells what was noted. (nf_ct_deliver_cached_events) */
  deliver(connection: Connection): void {
    const what = connection.pendingEvents;
    if (what === 0) return;
    connection.pendingEvents = 0;
    this.#tell((what & (EVENT.NEW | EVENT.RELATED)) !== 0 ? 'new' : 'update', connection, what);
  }

  /** Tells that a connection is gone. */
  destroyed(connection: Connection): void {
    this.#tell('destroy', connection, EVENT.DESTROY);
  }

  expectation(kind: 'new' | 'destroy', expectation: Expectation): void {
    for (const listener of this.#expectations) listener(kind, expectation);
  }

  #tell(kind: ConnectionEventKind, connection: Connection, what: number): void {
    const mask = connection.wishes?.events;
    if (mask !== undefined && (mask & what) === 0) return;
    for (const listener of this.#connections) listener(kind, connection, what);
  }
}
