import type { Connection } from '../../conntrack/connection.ts';
import type { Conntrack } from '../../conntrack/conntrack.ts';
import type { ConnectionEventKind } from '../../conntrack/events.ts';
import { connectionLine, identity, type TextParts } from '../../conntrack/text.ts';

/** Most events that are kept for the next `conntrack -E`. */
const MOST = 4096;

const KINDS = { new: '    [NEW] ', update: ' [UPDATE] ', destroy: '[DESTROY] ' } as const;
/** Words of --event-mask. */
const WORDS: Readonly<Record<ConnectionEventKind, string>> = {
  new: 'NEW',
  update: 'UPDATES',
  destroy: 'DESTROY',
};

interface Kept {
  readonly kind: ConnectionEventKind;
  readonly connection: Connection;
  /** Lines as they were when it happened. */
  readonly plain: string;
  readonly extended: string;
}

const logs = new WeakMap<Conntrack, Kept[]>();

/**
 * What `conntrack -E` prints. A command of this host ends at once and cannot wait for events: the first call begins to
 * listen, and each call tells what has happened since the one before, up to 4,096 events.
 */
export function takeEvents(
  conntrack: Conntrack,
  kinds: ReadonlySet<string>,
  fits: (connection: Connection) => boolean,
  { extended, id }: TextParts,
): string[] {
  const log = logs.get(conntrack);
  if (!log) {
    const kept: Kept[] = [];
    logs.set(conntrack, kept);
    conntrack.events.listen((kind, connection) => {
      if (kept.length >= MOST) kept.shift();
      const line = (long: boolean) =>
        connectionLine(connection, conntrack, { padded: true, extended: long, event: kind });
      kept.push({ kind, connection, plain: line(false), extended: line(true) });
    });
    return [];
  }
  const all = kinds.size === 0 || kinds.has('ALL');
  return log
    .splice(0)
    .filter(({ kind, connection }) => (all || kinds.has(WORDS[kind])) && fits(connection))
    .map((event) => {
      const line = `${KINDS[event.kind]}${extended ? event.extended : event.plain}`;
      return id ? `${line} id=${identity(event.connection, conntrack)}` : line;
    });
}
