import { Connection, INFO_NEW, INFO_UNTRACKED, STATUS, type Zone } from '../../conntrack/connection.ts';
import { ConnectionHelper } from '../../conntrack/helper.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { track } from '../connection-state.ts';
import {
  CONTINUE,
  defineTarget,
  type Given,
  option,
  type TargetFunction,
  type ValueType,
} from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag, unsigned } from '../values.ts';

/** Words of --ctevents, by the number of their bit (enum ip_conntrack_events). */
const EVENTS = [
  'new',
  'related',
  'destroy',
  'reply',
  'assured',
  'protoinfo',
  'helper',
  'mark',
  'natseqinfo',
  'secmark',
];
const EXPECTATION_EVENTS = ['new'];

function events(words: readonly string[]): ValueType<number> {
  return {
    syntax: 'event[,event…]',
    argument: 'required',
    choices: words,
    parse(given) {
      let bits = 0;
      for (const word of given.split(',')) {
        const bit = words.indexOf(word);
        if (bit < 0) throw new Problem(`Unknown event type "${word}"`);
        bits |= 1 << bit;
      }
      return bits;
    },
    print: (bits) => words.filter((_, bit) => (bits >> bit) & 1).join(','),
  };
}

const zone: ValueType<number | 'mark'> = {
  syntax: 'number|mark',
  argument: 'required',
  choices: ['mark'],
  parse(given) {
    if (given.toLowerCase() === 'mark') return 'mark';
    const id = unsigned(given, 0, 65535);
    if (id === undefined) throw new Problem(`Cannot parse ${given} as a zone ID`);
    return id;
  },
  print: String,
};

const isDefault = ({ value }: Given<number | 'mark'>) => value === 0;
const BOTH_WAYS = 3;

/** A name; what is too long is cut, and none is as if the option were not there. */
function name(most: number, syntax: string): ValueType<string> {
  return { syntax, argument: 'required', parse: (given) => given.slice(0, most), print: String };
}

const options = {
  notrack: option(flag, { help: 'The packet belongs to no connection, and begins none.' }),
  helper: option(name(15, 'name'), { help: 'The connection gets this helper.' }),
  // The real tool keeps four letters of it.
  timeout: option(name(4, 'policy'), {
    help: 'The connection gets the timeouts of this policy. There are none here, so that it is refused.',
  }),
  ctevents: option(events(EVENTS), { help: 'Only these events of the connection are told.' }),
  expevents: option(events(EXPECTATION_EVENTS), { help: 'Only these events of its expectations are told.' }),
  'zone-orig': option(zone, {
    omit: isDefault,
    help: 'Zone of the original direction; mark: the packet’s mark is the zone.',
  }),
  'zone-reply': option(zone, {
    omit: isDefault,
    help: 'Zone of the replies.',
  }),
  zone: option(zone, {
    omit: isDefault,
    help: 'Zone of both directions; the default one is 0.',
  }),
};

/** A target that lets a packet go by untracked. */
const untrack: TargetFunction = (packet: Packet) => {
  // What has a connection already (it came by lo) keeps it.
  if (packet.connection === undefined && packet.connectionInfo !== INFO_UNTRACKED) {
    packet.connectionInfo = INFO_UNTRACKED;
  }
  return CONTINUE;
};

export const CT = defineTarget({
  name: 'CT',
  revision: 2,
  summary: 'says how a packet’s connection is to be tracked, or that it is not',
  about:
    'What it says counts for a connection that the packet begins; the zone also decides which connections are looked ' +
    'at. A helper needs a protocol (-p) that is the helper’s own.',
  source: 'net/netfilter/xt_CT.c xt_ct_target',
  table: 'raw',
  options,
  terminal: false,
  settle(values) {
    const { notrack, helper, timeout, ctevents, expevents } = values;
    return {
      ...(notrack && { notrack }),
      ...(helper?.value && { helper }),
      ...(timeout?.value && { timeout }),
      ...(ctevents && { ctevents }),
      ...(expevents && { expevents }),
      ...settleZone(values),
    };
  },
  list(values, context) {
    let line = ' CT';
    for (const [key, declared] of Object.entries(options)) {
      const given = values[key as keyof typeof options];
      if (!given || (key.startsWith('zone') && given.value === 0)) continue;
      const print = declared.type.print as (value: unknown, context: unknown) => string;
      line += key === 'notrack' ? ' notrack' : ` ${key} ${print(given.value, context)}`;
    }
    return line;
  },
  check({ notrack, helper, timeout }, { family, protocol, protocolInverted, connections }) {
    if (notrack) return undefined;
    if (helper) {
      if (protocol === 0 || protocolInverted) return 'ENOENT';
      if (!connections.helpers.find(helper.value, family, protocol)) return 'ENOENT';
    }
    if (timeout) return protocol === 0 || protocolInverted ? 'EINVAL' : 'ENOENT';
    return undefined;
  },
  create(values, environment) {
    const { family, protocol, connections } = environment;
    const { notrack, helper, ctevents, expevents } = values;
    if (notrack) return untrack;
    track(environment);
    const template = new Connection();
    template.status = STATUS.TEMPLATE | STATUS.CONFIRMED;
    template.setZone(zoneOf(values));
    if (ctevents || expevents) {
      template.wishes = { events: ctevents?.value ?? 0, expectationEvents: expevents?.value ?? 0 };
    }
    const found = helper && connections.helpers.find(helper.value, family, protocol);
    if (found) template.help = new ConnectionHelper(found);
    return (packet) => {
      if (packet.connection === undefined && packet.connectionInfo !== INFO_UNTRACKED) {
        packet.connection = template;
        packet.connectionInfo = INFO_NEW;
      }
      return CONTINUE;
    };
  },
});

type ZoneOption = 'zone' | 'zone-orig' | 'zone-reply';
type ZoneValues = { readonly [K in ZoneOption]?: Given<number | 'mark'> };

/** The real tool takes several of them: the last number counts, `mark` before any, and the directions add up. */
function settleZone(values: ZoneValues): ZoneValues {
  const { zone: both, 'zone-orig': original, 'zone-reply': reply } = values;
  const given = [both, original, reply].flatMap((one) => one ?? []);
  if (given.length === 0) return {};
  const last = given.reduce((a, b) => ((a.order ?? 0) > (b.order ?? 0) ? a : b));
  const value = given.some((one) => one.value === 'mark') ? 'mark' : last.value;
  const key = original && !reply ? 'zone-orig' : reply && !original ? 'zone-reply' : 'zone';
  return { [key]: { value, inverted: false } };
}

function zoneOf(values: ZoneValues): Zone {
  const { zone: both, 'zone-orig': original, 'zone-reply': reply } = values;
  const value = (both ?? original ?? reply)?.value ?? 0;
  const directions = original ? 1 : reply ? 2 : BOTH_WAYS;
  return { id: value === 'mark' ? 0 : value, directions, fromMark: value === 'mark' };
}

export const NOTRACK = defineTarget({
  name: 'NOTRACK',
  kernelName: 'CT',
  revision: 2,
  summary: 'the packet belongs to no connection, and begins none',
  source: 'net/netfilter/xt_CT.c notrack_tg',
  table: 'raw',
  options: {},
  terminal: false,
  list: () => ' NOTRACK',
  create: () => untrack,
});
