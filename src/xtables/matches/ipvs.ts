import { defineMatch, option, type ParseContext, type ValueType } from '../extension.ts';
import { hostMask } from '../hosts.ts';
import { resolvedPort } from '../ports.ts';
import { Problem } from '../problem.ts';
import { protocolNumber } from '../protocols.ts';
import { flag } from '../values.ts';

/** One of some words, in capital or small letters. */
function oneOf(...words: readonly string[]): ValueType<string> {
  return {
    syntax: words.join('|'),
    argument: 'required',
    choices: words,
    parse(given, { extension, option: name }: ParseContext) {
      const word = words.find((one) => one === given.toUpperCase());
      if (word === undefined) throw new Problem(`${extension}: Bad value for "--${name}" option: "${given}"`);
      return word;
    },
    print: (word) => word,
  };
}

export const ipvs = defineMatch({
  name: 'ipvs',
  summary: 'what IPVS knows of the connection',
  about: 'The kernel that is imitated has no IPVS: the command warns, and no rule with this match loads.',
  source: 'net/netfilter/xt_ipvs.c ipvs_mt',
  missing: true,
  options: {
    ipvs: option(flag, { invert: true, help: 'The packet belongs to a connection of IPVS.' }),
    vproto: option(protocolNumber, { invert: true, help: 'Protocol of the virtual service.' }),
    vaddr: option(hostMask, { invert: true, help: 'Address of the virtual service.' }),
    vport: option(resolvedPort, { invert: true, help: 'Port of the virtual service.' }),
    vdir: option(oneOf('ORIGINAL', 'REPLY'), { help: 'Direction of the packet.' }),
    vmethod: option(oneOf('GATE', 'IPIP', 'MASQ'), { invert: true, help: 'How it is forwarded.' }),
    vportctl: option(resolvedPort, { invert: true, help: 'Port of the connection that controls this one.' }),
  },
  verify(values) {
    if (Object.keys(values).length === 0) throw new Problem('IPVS: At least one option is required');
    if (values.ipvs?.inverted && Object.keys(values).length > 1) {
      throw new Problem('! --ipvs cannot be together with other options');
    }
  },
});
