import type { Packet } from '../../netfilter/packet.ts';
import { attached, noConnection, track } from '../connection-state.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { quote } from '../values.ts';

/** Room for a name with its end (struct xt_helper_info); what is longer is cut off. */
const MOST = 29;

const helperName: ValueType<string> = {
  syntax: 'name',
  argument: 'required',
  parse: (given) => given.slice(0, MOST),
  print: (name) => quote(name),
};

/** Name of the helper that foresaw the packet's connection. */
function helperOf(packet: Packet): string | undefined {
  return attached(packet)?.master?.help?.helper?.name;
}

export const helper = defineMatch({
  name: 'helper',
  summary: 'connections that a helper foresaw',
  about:
    'It looks at the connection that this one belongs to: the data connection of FTP fits `--helper ftp`, its control ' +
    'connection does not. An empty name stands for any helper. A name fits if it begins with the helper’s: `ftp-2121` ' +
    'fits ftp.',
  source: 'net/netfilter/xt_helper.c helper_mt',
  options: {
    helper: option(helperName, {
      required: true,
      invert: true,
      help: 'Name of the helper that foresaw the connection; "" for any.',
    }),
  },
  list: ({ helper: given }) => (given ? ` helper match ${given.inverted ? '! ' : ''}"${given.value}"` : ''),
  tests({ helper: given }, environment) {
    track(environment);
    if (!given) return [];
    const { value, inverted } = given;
    return [
      {
        option: 'helper',
        run(packet) {
          const name = helperOf(packet);
          if (name === undefined) return inverted;
          return (value === '' || value.startsWith(name)) !== inverted;
        },
        explain(packet) {
          if (attached(packet) === undefined) return noConnection(packet);
          return helperOf(packet) ?? 'no helper foresaw the connection';
        },
      },
    ];
  },
});
