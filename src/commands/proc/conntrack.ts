import { tupleFields } from '../../conntrack/text.ts';
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

/** /proc/net/nf_conntrack_expect (net/netfilter/nf_conntrack_expect.c exp_seq_show). */
export function expectationFile(host: Host): string {
  let text = '';
  for (const { tuple, master, class: kind, timeout, permanent, inactive } of host.conntrack.expectations) {
    const left = Math.max(0, Math.floor((timeout - host.timers.now) / 1e6));
    const flags = [permanent ? 'PERMANENT' : '', inactive ? 'INACTIVE' : '']
      .filter((flag) => flag !== '')
      .join(',');
    const helper = master.help?.helper;
    const policy = helper?.policies[kind]?.name;
    const by = helper ? `${flags === '' ? '' : ' '}${helper.name}${policy ? `/${policy}` : ''}` : '';
    const layer3 = tuple.family === 4 ? 2 : 10;
    text += `${left} l3proto = ${layer3} proto=${tuple.protocol} ${tupleFields(tuple)} ${flags}${by}\n`;
  }
  return text;
}
