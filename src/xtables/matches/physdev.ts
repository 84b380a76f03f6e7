import { OUTPUT } from '../../netfilter/constants.ts';
import { defineMatch, type FunctionTest, type Given, option } from '../extension.ts';
import { interfaceWord } from '../interface-name.ts';
import { Problem } from '../problem.ts';
import { flag } from '../values.ts';

/** Nothing here is a port of a bridge: only an inverted test fits (net/netfilter/xt_physdev.c physdev_mt). */
const unbridged = ({ inverted }: Given<unknown>): FunctionTest => ({
  run: () => inverted,
  explain: () => 'no packet crosses a bridge here',
});

const port = (help: string) => option(interfaceWord, { invert: true, help, test: unbridged });
const kind = (help: string) => option(flag, { invert: true, help, test: unbridged });

const WORDS = ['physdev-is-in', 'physdev-in', 'physdev-is-out', 'physdev-out', 'physdev-is-bridged'] as const;

export const physdev = defineMatch({
  name: 'physdev',
  summary: 'ports of a bridge that the packet came in by or leaves by',
  about:
    'A simulated host has no bridges. As on a Linux host where no packet crosses one, an option fits exactly if it is ' +
    'inverted. In OUTPUT the way out is not known yet: the kernel refuses --physdev-out and --physdev-is-out there, ' +
    'unless --physdev-is-bridged stands beside them.',
  source: 'net/netfilter/xt_physdev.c physdev_mt, physdev_mt_check',
  options: {
    'physdev-is-in': kind('It came in by a port of a bridge.'),
    'physdev-in': port('The port that it came in by.'),
    'physdev-is-out': kind('It leaves by a port of a bridge.'),
    'physdev-out': port('The port that it leaves by.'),
    'physdev-is-bridged': kind('It is bridged, and not routed.'),
  },
  verify(values) {
    if (WORDS.some((word) => values[word])) return;
    throw new Problem('PHYSDEV: no physdev option specified');
  },
  list(values) {
    let text = ' PHYSDEV match';
    for (const word of WORDS) {
      const given = values[word];
      if (!given) continue;
      text += `${given.inverted ? ' !' : ''} --${word}`;
      if (typeof given.value === 'string') text += ` ${given.value}`;
    }
    return text;
  },
  check(values, { hooks }) {
    const bridged = values['physdev-is-bridged'];
    const goesOut = values['physdev-out'] || values['physdev-is-out'];
    const refused = goesOut && (!bridged || bridged.inverted) && (hooks & (1 << OUTPUT)) !== 0;
    return refused ? 'EINVAL' : undefined;
  },
});
