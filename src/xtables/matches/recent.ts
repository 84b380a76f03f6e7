import type { Packet } from '../../netfilter/packet.ts';
import { get32 } from '../../wire/bytes.ts';
import { defineMatch, type Given, option, type Values, type ValueType } from '../extension.ts';
import { ALL_BITS, addressMask } from '../hosts.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';
import { type RecentEntry, type RecentList, RecentLists } from '../recent-lists.ts';
import { flag, integer } from '../values.ts';

/** Room for a list's name with its end (XT_RECENT_NAME_LEN); what is longer is cut off. */
const MOST_NAME = 199;
/** More hits than this the kernel does not remember (XT_RECENT_MAX_NSTAMPS). */
const MOST_HITS = 65535;
const HZ = 250;
const MICROSECONDS_PER_TICK = 1_000_000 / HZ;

const listName: ValueType<string> = {
  syntax: 'name',
  argument: 'required',
  parse: (given) => given.slice(0, MOST_NAME),
  // Without quotes, whatever it holds.
  print: (name) => name,
};

/** The real tool prints these with a sign. */
const signed = (minimum: number): ValueType<number> => ({
  ...integer(minimum, 0xffffffff),
  print: (value) => String(value | 0),
});

const OPERATIONS = [
  ['set', 'SET'],
  ['rcheck', 'CHECK'],
  ['update', 'UPDATE'],
  ['remove', 'REMOVE'],
] as const;

const options = {
  set: option(flag, {
    invert: true,
    excludes: ['rcheck', 'update', 'remove'],
    help: 'Note that the address was seen; always fits.',
  }),
  rcheck: option(flag, {
    invert: true,
    excludes: ['set', 'update', 'remove'],
    help: 'Fits if the address is in the list.',
  }),
  update: option(flag, {
    invert: true,
    excludes: ['set', 'rcheck', 'remove'],
    help: 'Like --rcheck, and if it fits notes that the address was seen again.',
  }),
  remove: option(flag, {
    invert: true,
    excludes: ['set', 'rcheck', 'update'],
    help: 'Fits if the address is in the list, and takes it out.',
  }),
  seconds: option(signed(1), { help: 'It was seen within so many seconds.' }),
  reap: option(flag, {
    needs: ['seconds'],
    help: 'Takes the address that was not seen for longest out of the list if that is longer than --seconds.',
  }),
  hitcount: option(signed(0), { help: 'It was seen at least so often.' }),
  rttl: option(flag, {
    excludes: ['set', 'remove'],
    help: 'The time to live is that of the packet that was seen last.',
  }),
  name: option(listName, { help: 'Name of the list; DEFAULT if left out.' }),
  mask: option(addressMask, {
    help: 'Bits of the address that count; that of the first rule holds for the list.',
  }),
  rsource: option(flag, { help: 'The source address, as by default.' }),
  rdest: option(flag, { help: 'The destination address.' }),
};

type RecentValues = Values<typeof options>;

/** Given in the kernel's sense: SET and REMOVE take none of the conditions, and hits have a limit. */
function isRefused({ set, remove, seconds, hitcount, rttl, reap, name }: RecentValues): boolean {
  const conditions = (seconds?.value ?? 0) !== 0 || (hitcount?.value ?? 0) !== 0 || rttl || reap;
  if ((set || remove) && conditions) return true;
  if ((hitcount?.value ?? 0) > MOST_HITS) return true;
  const text = name?.value ?? '';
  return text === '' || text === '.' || text === '..' || text.includes('/');
}

export const recent = defineMatch({
  name: 'recent',
  revision: 1,
  summary: 'addresses that were seen before, in lists that rules share',
  about:
    'Rules of all tables and both families share the list of a name. It holds 100 addresses; the one that was not ' +
    'seen for longest makes room. Of each address the last 32 packets are remembered, or as many as the largest ' +
    '--hitcount asks for; a rule that asks for more empties the list. It is gone with the last rule that uses it. ' +
    'The TTL that counts is the one before forwarding.',
  source: 'net/netfilter/xt_recent.c recent_mt',
  options,
  verify(values) {
    if (OPERATIONS.some(([key]) => values[key])) return;
    throw new Problem("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'");
  },
  settle({ rsource, rdest, name, mask, ...rest }) {
    const destination = rdest && (rdest.order ?? 0) > (rsource?.order ?? -1);
    const side = { value: true as const, inverted: false };
    return {
      ...rest,
      name: name ?? { value: 'DEFAULT', inverted: false },
      mask: mask ?? { value: ALL_BITS, inverted: false },
      ...(destination ? { rdest: side } : { rsource: side }),
    };
  },
  list(values, context) {
    const { seconds, reap, hitcount, rttl, name, mask, rdest } = values;
    const operation = OPERATIONS.find(([key]) => values[key]);
    if (!operation || !name || !mask) return '';
    let text = `${values[operation[0]]?.inverted ? ' !' : ''} recent: ${operation[1]}`;
    if (seconds) text += ` seconds: ${seconds.value | 0}`;
    if (reap) text += ' reap';
    if (hitcount && hitcount.value !== 0) text += ` hit_count: ${hitcount.value | 0}`;
    if (rttl) text += ' TTL-Match';
    text += ` name: ${name.value} side: ${rdest ? 'dest' : 'source'}`;
    return `${text} mask: ${addressMask.print(mask.value, context)}`;
  },
  check: (values) => (isRefused(values) ? 'EINVAL' : undefined),
  tests(values, environment) {
    const { name, mask, hitcount } = values;
    if (!name || !mask) return [];
    const lists = environment.shared(RecentLists);
    const { services } = environment;
    const list = lists.use(name.value, mask.value, hitcount?.value ?? 0, () => services.random());
    environment.onDestroy(() => lists.release(list));
    const now = () => Math.floor(services.now() / MICROSECONDS_PER_TICK);
    const rule = new RecentRule(list, values, now);
    return [
      {
        option: OPERATIONS.find(([key]) => values[key])![0],
        run: (packet, place) => rule.run(packet, place),
        explain: () => rule.found,
      },
    ];
  },
});

/** One rule and its list. */
class RecentRule {
  /** What the last packet found, in words. */
  found = '';
  readonly #list: RecentList;
  readonly #now: () => number;
  readonly #inverted: boolean;
  readonly #set: boolean;
  readonly #remove: boolean;
  readonly #update: boolean;
  readonly #reap: boolean;
  readonly #rttl: boolean;
  readonly #destination: boolean;
  readonly #seconds: number;
  readonly #hits: number;
  readonly #address = [0, 0, 0, 0];

  constructor(list: RecentList, values: RecentValues, now: () => number) {
    const given = (one: Given<true> | undefined) => one !== undefined;
    this.#list = list;
    this.#now = now;
    this.#inverted = OPERATIONS.some(([key]) => values[key]?.inverted);
    this.#set = given(values.set);
    this.#remove = given(values.remove);
    this.#update = given(values.update);
    this.#reap = given(values.reap);
    this.#rttl = given(values.rttl);
    this.#destination = given(values.rdest);
    this.#seconds = values.seconds?.value ?? 0;
    this.#hits = values.hitcount?.value ?? 0;
  }

  run(packet: Packet, place: Place): boolean {
    const list = this.#list;
    const { family } = packet;
    const ttl = this.#read(packet, place);
    const entry = list.find(family, this.#address, this.#rttl ? ttl : 0);
    if (entry === undefined) {
      this.found = 'the address is not in the list';
      if (!this.#set) return this.#inverted;
      list.add(family, this.#address, ttl, this.#now());
      return !this.#inverted;
    }
    let fits = this.#inverted;
    if (this.#set) {
      fits = !fits;
    } else if (this.#remove) {
      this.found = 'the address was in the list';
      list.remove(entry);
      fits = !fits;
    } else {
      const time = this.#now() - (Math.imul(this.#seconds, HZ) >>> 0);
      if (this.#hasHits(entry, time)) fits = !fits;
      if (this.#reap) list.reap(time, this.#update && fits ? entry : undefined);
    }
    if (this.#set || (this.#update && fits)) list.update(entry, ttl, this.#now());
    return fits;
  }

  /** Was it seen often enough since then? */
  #hasHits(entry: RecentEntry, time: number): boolean {
    let hits = 0;
    for (const stamp of entry.stamps) {
      if (this.#seconds !== 0 && time > stamp) continue;
      hits++;
      if (hits >= this.#hits) {
        this.found = `seen ${hits} times`;
        return true;
      }
    }
    this.found = `seen ${hits} times${this.#seconds === 0 ? '' : ` in ${this.#seconds} s`}`;
    return false;
  }

  /** Takes the address from the packet; answers its time to live as it was before forwarding. */
  #read({ bytes, network, family, sender }: Packet, { outDevice }: Place): number {
    const address = this.#address;
    const at = network + (family === 4 ? (this.#destination ? 16 : 12) : this.#destination ? 24 : 8);
    for (let i = 0; i < (family === 4 ? 1 : 4); i++) address[i] = get32(bytes, at + 4 * i) | 0;
    const ttl = bytes[network + (family === 4 ? 8 : 7)]!;
    return outDevice !== 0 && sender === undefined ? (ttl + 1) & 0xff : ttl;
  }
}
