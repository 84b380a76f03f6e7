import type { Host } from '../../host/host.ts';
import { entryText } from '../conntrack/print.ts';

/** /proc/net/nf_conntrack: zone and one more user are always told, a helper never is. (nf_conntrack_standalone.c) */
export function connectionFile(host: Host): string {
  const style = { output: new Set(['extended']), names: host.xtables.names, use: 2 };
  let text = '';
  for (const connection of host.conntrack.connections()) {
    const sided = connection.original.zone !== connection.reply.zone;
    const line = entryText(connection, host.conntrack, style).replace(/ helper=\S+/, '');
    const zoned = sided || / zone=/.test(line) ? line : line.replace(/ mark=\d+/, '$& zone=0');
    text += `${zoned}\n`;
  }
  return text;
}
