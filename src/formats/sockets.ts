import type { Host } from '../host/host.ts';
import type { SocketDescription } from './host-description.ts';

/** Opens a described socket, which reads and discards. Answers the name of the error, or undefined. */
export function bindSocket(host: Host, socket: SocketDescription): string | undefined {
  return host.sockets.bind({ ...socket, receive: () => {} });
}
