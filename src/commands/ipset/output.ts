import { COUNTER_STEP, type Entry } from '../../ipset/entry.ts';
import { Member } from '../../ipset/list.ts';
import type { IpSet } from '../../ipset/set.ts';
import type { Slot } from '../../ipset/sets.ts';
import { printIpv4 } from '../../wire/address.ts';
import type { Names } from '../../xtables/names.ts';
import { addressText } from './addresses.ts';
import { keyText } from './elements.ts';
import { memorySize } from './memory.ts';

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
  const masks: Field[] = [];
  if (netmask !== undefined) masks.push(['netmask', String(netmask)]);
  if (bitmask) masks.push(['bitmask', addressText(bitmask)]);
  // Types that got masks later show them last.
  const late = type.method === 'hash' && type.parts.length > 1;
  if (!late) fields.push(...masks);
  if (settings.timeout !== undefined) fields.push(['timeout', String(settings.timeout)]);
  // The tool does not say that a set was made with forceadd.
  for (const key of ['counters', 'comment', 'skbinfo'] as const) {
    if (settings[key]) fields.push([key, undefined]);
  }
  if (type.method === 'hash')
    fields.push(['bucketsize', String(settings.bucketsize)], ['initval', hex(settings.initval)]);
  if (late) fields.push(...masks);
  return fields;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** What an element carries. */
function extras(entry: Entry, { settings }: IpSet, now: number): readonly Field[] {
  const fields: Field[] = [];
  if (settings.timeout !== undefined) {
    const left =
      entry.expires === 0 ? entry.waits : Math.max(1, Math.floor((entry.expires - now) / MICROSECONDS));
    fields.push(['timeout', String(left)]);
  }
  if (entry.nomatch) fields.push(['nomatch', undefined]);
  if (entry.wildcard) fields.push(['wildcard', undefined]);
  if (settings.counters) {
    fields.push(['packets', counter(entry.packets, entry.packetsHigh)]);
    fields.push(['bytes', counter(entry.bytes, entry.bytesHigh)]);
  }
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

function counter(low: number, high: number): string {
  return high === 0 ? String(low) : String(BigInt(high) * BigInt(COUNTER_STEP) + BigInt(low));
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

/** The text of `list`, or with `isSave` of `save`, which asks for all members whatever the format is. */
export function printSets(
  slots: readonly Slot[],
  format: Format,
  isSave: boolean,
  names: Names,
  now: number,
): string {
  const { kind, namesOnly } = format;
  if (kind === 'save') return slots.map((slot) => saved(slot, format, names, now)).join('');
  const text = kind === 'xml' ? marked : listed;
  const texts = slots.map((slot) => {
    if (namesOnly) return kind === 'xml' ? `<ipset name="${slot.name}"/>\n` : `${slot.name}\n`;
    return text(slot, format, isSave, names, now);
  });
  if (kind === 'xml') return `<ipsets>\n${texts.join('')}</ipsets>\n`;
  return texts.join(namesOnly ? '' : '\n');
}

/** Members as text and what they carry, in the order in which they are shown. */
function membersOf({ set }: Slot, { sorted }: Format, names: Names, now: number) {
  const entries: Entry[] = [...set.entries(now)];
  if (sorted && set.kind !== 'list') entries.sort(inOrder);
  return entries.map((entry) => ({
    text: entry instanceof Member ? entry.slot.name : set.kind === 'list' ? '' : keyText(entry, set, names),
    fields: extras(entry, set, now),
  }));
}

function saved(slot: Slot, format: Format, names: Names, now: number): string {
  const { name, set } = slot;
  const lines = membersOf(slot, format, names, now).map(
    ({ text, fields }) => `add ${name} ${text}${words(fields)}\n`,
  );
  return `create ${name} ${set.type.name}${words(header(set))}\n${lines.join('')}`;
}

function marked(slot: Slot, format: Format, isSave: boolean, names: Names, now: number): string {
  const { name, set, references } = slot;
  const members = membersOf(slot, format, names, now);
  const texts = members.map(
    ({ text, fields }) => `<member><elem>${text}</elem>${elements(fields)}</member>\n`,
  );
  const body = format.terse && !isSave ? '' : `<members>\n${texts.join('')}</members>\n`;
  return (
    `<ipset name="${name}">\n<type>${set.type.name}</type>\n<revision>${set.type.revision}</revision>\n` +
    `<header>${elements(header(set))}\n<memsize>${memorySize(set, now)}</memsize>\n` +
    `<references>${references}</references>\n<numentries>${members.length}</numentries>\n</header>\n` +
    `${body}</ipset>\n`
  );
}

function listed(slot: Slot, format: Format, isSave: boolean, names: Names, now: number): string {
  const { name, set, references } = slot;
  const members = membersOf(slot, format, names, now);
  const texts = members.map(({ text, fields }) => `${text}${words(fields)}\n`).join('');
  return (
    `Name: ${name}\nType: ${set.type.name}\nRevision: ${set.type.revision}\nHeader:${words(header(set))}\n` +
    `Size in memory: ${memorySize(set, now)}\nReferences: ${references}\n` +
    `Number of entries: ${members.length}\n` +
    (format.terse ? '' : 'Members:\n') +
    (format.terse && !isSave ? '' : texts)
  );
}

function inOrder(one: Entry, other: Entry): number {
  for (let i = 0; i < one.words.length; i++) {
    const difference = (one.words[i]! >>> 0) - (other.words[i]! >>> 0);
    if (difference !== 0) return difference;
  }
  return one.iface < other.iface ? -1 : 1;
}
