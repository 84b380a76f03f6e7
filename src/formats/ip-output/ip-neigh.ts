import type { NeighborDescription } from '../host-description.ts';
import { jsonObjects, type Note, type Placed, type ToolOutput, usefulLines, word } from './lines.ts';

/** States in which the kernel uses an entry without asking first. */
const USABLE = /\b(PERMANENT|NOARP|REACHABLE|STALE|DELAY|PROBE)\b/;

/** Reads `ip neigh`, text or `-json`: the neighbours whose MAC addresses are known; they become permanent ones. */
export function readIpNeigh(text: string): ToolOutput<NeighborDescription> {
  const values: Placed<NeighborDescription>[] = [];
  const notes: Note[] = [];
  const lines = jsonObjects(text)?.map(({ line, value }) => {
    const state = Array.isArray(value.state) ? value.state.join(' ') : word(value, 'state');
    return {
      line,
      value: `${word(value, 'dst')} dev ${word(value, 'dev')} lladdr ${word(value, 'lladdr')} ${state}`,
    };
  });
  for (const { line, value } of lines ?? usefulLines(text)) {
    const [, ip = '', dev = '', mac = '', state = ''] =
      /^\s*(\S+) dev (\S+)(?: lladdr (\S*))?(.*)$/.exec(value) ?? [];
    if (/^(22[4-9]|23\d|255)\.|^ff/i.test(ip) || dev === 'lo') continue;
    if (!USABLE.test(state) || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac))
      notes.push({ line, text: `'${value.trim()}': no usable neighbour; left out` });
    else values.push({ line, value: { ip, dev, mac } });
  }
  return { values, notes };
}
