import type { Entry, IpSet } from '../../ipset/set.ts';
import type { Slot } from '../../ipset/sets.ts';
import { ipv6Bytes, printIpv4, printIpv6 } from '../../wire/address.ts';
import type { Names } from '../../xtables/names.ts';
import { printKey } from './elements.ts';

const MICROSECONDS = 1_000_000;

type Field = readonly [name: string, value: string | undefined];

/** The settings of a set as `save` and `list` show them. */
function header({ type, settings }: IpSet): readonly Field[] {
  const fields: Field[] = [];
  const { family, netmask, bitmask } = settings;
  const range = (text: (value: number) => string): Field => [
    'range',
    `${text(settings.first)}-${text(settings.last)}`,
  ];
  if (type.method === 'bitmap')
    fields.push(range(type.parts[0] === 'port' ? String : (value) => printIpv4(value | 0)));
  if (type.method === 'hash') {
    if (family !== 0) fields.push(['family', family === 4 ? 'inet' : 'inet6']);
    fields.push(['hashsize', String(settings.hashsize)], ['maxelem', String(settings.maxelem)]);
  }
  if (type.method === 'list') fields.push(['size', String(settings.size)]);
  if (type.options.includes('markmask')) fields.push(['markmask', hex(settings.markmask)]);
  if (netmask !== undefined) fields.push(['netmask', String(netmask)]);
  if (bitmask)
    fields.push(['bitmask', bitmask.length === 1 ? printIpv4(bitmask[0]!) : printIpv6(ipv6Bytes(bitmask))]);
  if (settings.timeout !== undefined) fields.push(['timeout', String(settings.timeout)]);
  for (const key of ['counters', 'comment', 'skbinfo', 'forceadd'] as const) {
    if (settings[key]) fields.push([key, undefined]);
  }
  if (type.method === 'hash')
    fields.push(['bucketsize', String(settings.bucketsize)], ['initval', hex(settings.initval)]);
  return fields;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** What an element carries. */
function extras(entry: Entry, { settings }: IpSet, now: number): readonly Field[] {
  const fields: Field[] = [];
  if (settings.timeout !== undefined) {
    const left = entry.expires === 0 ? 0 : Math.max(1, Math.floor((entry.expires - now) / MICROSECONDS));
    fields.push(['timeout', String(left)]);
  }
  if (entry.wildcard) fields.push(['wildcard', undefined]);
  if (entry.nomatch) fields.push(['nomatch', undefined]);
  if (settings.counters) fields.push(['packets', String(entry.packets)], ['bytes', String(entry.bytes)]);
  if (settings.comment && entry.comment !== '') fields.push(['comment', `"${entry.comment}"`]);
  if (!settings.skbinfo) return fields;
  const { skbmark, skbmask, skbprio, skbqueue } = entry;
  if (skbmark !== 0 || skbmask !== 0)
    fields.push([
      'skbmark',
      `0x${skbmark.toString(16)}${skbmask === 0xffffffff ? '' : `/0x${skbmask.toString(16)}`}`,
    ]);
  if (skbprio !== 0)
    fields.push(['skbprio', `${(skbprio >>> 16).toString(16)}:${(skbprio & 0xffff).toString(16)}`]);
  if (skbqueue !== 0) fields.push(['skbqueue', String(skbqueue)]);
  return fields;
}

function words(fields: readonly Field[]): string {
  return fields.map(([name, value]) => (value === undefined ? ` ${name}` : ` ${name} ${value}`)).join('');
}

function elements(fields: readonly Field[]): string {
  return fields
    .map(([name, value]) => (value === undefined ? `<${name}/>` : `<${name}>${value}</${name}>`))
    .join('');
}

/** How sets are shown. */
export interface Format {
  readonly kind: 'plain' | 'save' | 'xml';
  readonly terse: boolean;
  readonly sorted: boolean;
  readonly namesOnly: boolean;
}

/** The text of `list` or `save`. */
export function printSets(slots: readonly Slot[], format: Format, names: Names, now: number): string {
  const { kind } = format;
  if (format.namesOnly && kind !== 'xml') return slots.map(({ name }) => `${name}\n`).join('');
  const texts = slots.map((slot) => printSet(slot, format, names, now));
  if (kind === 'xml') return `<ipsets>\n${texts.join('')}</ipsets>\n`;
  return texts.join(kind === 'plain' ? '\n' : '');
}

function memberText(entry: Entry, set: IpSet, names: Names): string {
  return set.type.method === 'list' ? (entry.slot as Slot).name : printKey(entry, set, names);
}

function printSet({ name, set, references }: Slot, format: Format, names: Names, now: number): string {
  const entries = [...set.entries(now)];
  if (set.type.method === 'bitmap' || (format.sorted && set.type.method !== 'list')) entries.sort(inOrder);
  const fields = header(set);
  const { type } = set;
  if (format.kind === 'save') {
    const lines = entries.map(
      (one) => `add ${name} ${memberText(one, set, names)}${words(extras(one, set, now))}\n`,
    );
    return `create ${name} ${type.name}${words(fields)}\n${lines.join('')}`;
  }
  const memory = String(memorySize(set, entries.length));
  if (format.kind === 'xml') {
    if (format.namesOnly) return `<ipset name="${name}"/>\n`;
    const members = entries.map((one) => {
      const more = elements(extras(one, set, now));
      return `<member><elem>${memberText(one, set, names)}</elem>${more}</member>\n`;
    });
    const body = format.terse ? '' : `<members>\n${members.join('')}</members>\n`;
    return (
      `<ipset name="${name}">\n<type>${type.name}</type>\n<revision>${type.revision}</revision>\n` +
      `<header>${elements(fields)}\n<memsize>${memory}</memsize>\n<references>${references}</references>\n` +
      `<numentries>${entries.length}</numentries>\n</header>\n${body}</ipset>\n`
    );
  }
  const members = entries.map((one) => `${memberText(one, set, names)}${words(extras(one, set, now))}\n`);
  return (
    `Name: ${name}\nType: ${type.name}\nRevision: ${type.revision}\nHeader:${words(fields)}\n` +
    `Size in memory: ${memory}\nReferences: ${references}\nNumber of entries: ${entries.length}\n` +
    (format.terse ? '' : `Members:\n${members.join('')}`)
  );
}

/** An estimate: the kernel counts its own structures, which this host has none of. */
function memorySize({ type }: IpSet, count: number): number {
  return (type.method === 'hash' ? 200 : 80) + 48 * count;
}

function inOrder(one: Entry, other: Entry): number {
  for (let i = 0; i < one.words.length; i++) {
    const difference = (one.words[i]! >>> 0) - (other.words[i]! >>> 0);
    if (difference !== 0) return difference;
  }
  return one.iface < other.iface ? -1 : 1;
}
