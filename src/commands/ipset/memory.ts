import type { HashSet } from '../../ipset/hash.ts';
import type { IpSet } from '../../ipset/set.ts';
import type { SetSettings } from '../../ipset/settings.ts';

/** Bytes of the kernel's structures on a 64-bit machine: of an empty set and of an element, IPv4 and IPv6. */
type Sizes = readonly [empty4: number, element4: number, empty6: number, element6: number];

const HASHES: Readonly<Record<string, Sizes>> = {
  'hash:ip': [216, 4, 224, 16],
  'hash:mac': [200, 8, 200, 8],
  'hash:ip,mac': [208, 12, 224, 24],
  'hash:ip,mark': [216, 8, 232, 20],
  'hash:ip,port': [216, 8, 232, 20],
  'hash:ip,port,ip': [208, 12, 232, 36],
  'hash:ip,port,net': [464, 12, 1256, 36],
  'hash:net': [456, 8, 1240, 20],
  'hash:net,net': [712, 16, 2272, 40],
  'hash:net,port': [456, 8, 1240, 20],
  'hash:net,port,net': [712, 16, 2272, 40],
  'hash:net,iface': [488, 28, 1264, 40],
};
const BITMAPS: Readonly<Record<string, number>> = { 'bitmap:ip': 88, 'bitmap:ip,mac': 80, 'bitmap:port': 72 };
const LIST = 80;
const MEMBER = 48;
const BUCKET = 32;
/** A bucket begins with so many places. */
const PLACES = 2;
/** A hash has a lock for each so many buckets. */
const REGION = 1024;
const LOCK = 24;
const COMMENT = 17;

/** What travels with each element, aligned. */
function extrasSize({ timeout, counters, comment, skbinfo }: SetSettings): number {
  return (timeout === undefined ? 0 : 8) + (counters ? 16 : 0) + (comment ? 8 : 0) + (skbinfo ? 16 : 0);
}

/**
 * `Size in memory`, as Linux counts it. Exact of bitmaps and lists; of a hash as if no two elements shared a bucket, which
 * the kernel's random key decides.
 */
export function memorySize(set: IpSet, now: number): number {
  const { type, settings } = set;
  const extras = extrasSize(settings);
  let count = 0;
  let comments = 0;
  for (const { comment } of set.entries(now)) {
    count++;
    if (comment !== '') comments += COMMENT + comment.length;
  }
  if (set.kind === 'list') return LIST + (MEMBER + extras) * count + comments;
  if (set.kind === 'bitmap') {
    const places = Math.floor((settings.last - settings.first) / 2 ** (32 - (settings.netmask ?? 32))) + 1;
    const element = extras + (type.parts.includes('mac') ? 8 : 0);
    return BITMAPS[type.name]! + 8 * Math.ceil(places / 64) + element * places + comments;
  }
  const [empty4, element4, empty6, element6] = HASHES[type.name]!;
  const [empty, own] = settings.family === 6 ? [empty6, element6] : [empty4, element4];
  const element = extras === 0 ? own : Math.ceil(own / 8) * 8 + extras;
  const locks = LOCK * (Math.max(1, settings.hashsize / REGION) - 1);
  const buckets = type.parts.includes('iface') ? shared(set, now) : { count, places: PLACES * count };
  return empty + locks + BUCKET * buckets.count + element * buckets.places + comments;
}

/** Buckets and places where one network may stand for several interfaces, which share a bucket. */
function shared(set: HashSet, now: number): { count: number; places: number } {
  const sizes = new Map<string, number>();
  for (const { words } of set.entries(now)) sizes.set(`${words}`, (sizes.get(`${words}`) ?? 0) + 1);
  let places = 0;
  for (const size of sizes.values()) places += Math.ceil(size / PLACES) * PLACES;
  return { count: sizes.size, places };
}
