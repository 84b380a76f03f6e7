import { get32 } from '../../wire/bytes.ts';
import { ConnectionCount } from '../connection-count.ts';
import { attached, track } from '../connection-state.ts';
import { defineMatch, type Given, option } from '../extension.ts';
import { ALL_BITS, narrow, prefixLengthMask } from '../hosts.ts';
import { Problem } from '../problem.ts';
import { flag, integer } from '../values.ts';

const limit = integer(0, 0xffffffff);

/** The limit and whether it is the most that fits: `! --connlimit-upto` is `--connlimit-above`. */
function limitOf(
  upto: Given<number> | undefined,
  above: Given<number> | undefined,
): { value: number; upto: boolean } {
  return upto
    ? { value: upto.value, upto: !upto.inverted }
    : { value: above?.value ?? 0, upto: above?.inverted ?? false };
}

export const connlimit = defineMatch({
  name: 'connlimit',
  revision: 1,
  summary: 'how many connections an address or a network has',
  about:
    'Connections are counted for each rule, from when it sees their packets on: it belongs in rules for first packets ' +
    '(`-p tcp --syn`). TCP connections in TIME_WAIT or CLOSE do not count. The key is the address in the packet, ' +
    'also for replies. A packet that has no connection and no tuple is dropped.',
  source: 'net/netfilter/xt_connlimit.c connlimit_mt',
  options: {
    'connlimit-upto': option(limit, {
      invert: true,
      excludes: ['connlimit-above'],
      help: 'No more than so many connections.',
    }),
    'connlimit-above': option(limit, {
      invert: true,
      excludes: ['connlimit-upto'],
      help: 'More than so many connections.',
    }),
    'connlimit-mask': option(prefixLengthMask, {
      help: 'Addresses with the same bits under it count together.',
    }),
    'connlimit-saddr': option(flag, {
      excludes: ['connlimit-daddr'],
      help: 'By source address, as by default.',
    }),
    'connlimit-daddr': option(flag, { excludes: ['connlimit-saddr'], help: 'By destination address.' }),
  },
  verify(values) {
    if (values['connlimit-upto'] || values['connlimit-above']) return;
    throw new Problem('You must specify "--connlimit-above" or "--connlimit-upto".');
  },
  settle(values) {
    const { value, upto } = limitOf(values['connlimit-upto'], values['connlimit-above']);
    const given = { value, inverted: false };
    const side = { value: true as const, inverted: false };
    return {
      [upto ? 'connlimit-upto' : 'connlimit-above']: given,
      'connlimit-mask': { value: values['connlimit-mask']?.value ?? ALL_BITS, inverted: false },
      [values['connlimit-daddr'] ? 'connlimit-daddr' : 'connlimit-saddr']: side,
    };
  },
  list(values, context) {
    const { value, upto } = limitOf(values['connlimit-upto'], values['connlimit-above']);
    const mask = prefixLengthMask.print(values['connlimit-mask']?.value ?? ALL_BITS, context);
    return ` #conn ${values['connlimit-daddr'] ? 'dst' : 'src'}/${mask} ${upto ? '<=' : '>'} ${value}`;
  },
  tests(values, environment) {
    track(environment);
    const { connections, family, services } = environment;
    const { value, upto } = limitOf(values['connlimit-upto'], values['connlimit-above']);
    const mask = narrow(values['connlimit-mask']?.value ?? ALL_BITS, family);
    const at = family === 4 ? (values['connlimit-daddr'] ? 16 : 12) : values['connlimit-daddr'] ? 24 : 8;
    const counted = new ConnectionCount(connections, services.random());
    /** The address under the mask, and the zone. */
    const key = [...mask, 0];
    let found = 0;
    return [
      {
        option: upto ? 'connlimit-upto' : 'connlimit-above',
        run(packet, place) {
          for (let i = 0; i < mask.length; i++) {
            key[i] = get32(packet.bytes, packet.network + at + 4 * i) & mask[i]!;
          }
          key[mask.length] = attached(packet)?.zone.id ?? 0;
          found = counted.count(packet, key);
          if (found === 0) {
            place.drop = true;
            return false;
          }
          return found > value !== upto;
        },
        explain: () => (found === 0 ? 'no connection to count' : String(found)),
      },
    ];
  },
});
