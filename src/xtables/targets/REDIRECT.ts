import { addressWords, DESTINATION, oneAddress, RANGE } from '../../nat/range.ts';
import { OUTPUT, PREROUTING } from '../../netfilter/constants.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { defineTarget, option } from '../extension.ts';
import { NO_RANGE, natPorts, parsePartRange, printParts } from '../nat-range.ts';
import { listFlags, rangeFlags, translate } from '../nat-target.ts';
import { Problem } from '../problem.ts';
import { flag } from '../values.ts';

const LOOPBACK = {
  4: Uint8Array.of(127, 0, 0, 1),
  6: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
};

export const REDIRECT = defineTarget({
  name: 'REDIRECT',
  summary: 'translates the destination to the host itself',
  about:
    'What arrives goes to the first address of the interface it arrived at, what the host sends to the loopback ' +
    'address. An interface without address drops it.',
  source: 'net/netfilter/nf_nat_redirect.c',
  table: 'nat',
  hooks: [PREROUTING, OUTPUT],
  options: {
    'to-ports': option(
      {
        ...natPorts,
        parse(text, context) {
          if ((parsePartRange(text, context).flags & RANGE.PROTO_OFFSET) !== 0) {
            throw new Problem('Shifted portmap ranges not supported with this kernel');
          }
          return natPorts.parse(text, context);
        },
      },
      { help: 'Ports to choose from.' },
    ),
    random: option(flag, { help: 'The port is chosen at random.' }),
  },
  terminal: true,
  list(values) {
    const ports = values['to-ports'];
    return `${ports ? ` redir ports ${printParts(ports.value)}` : ''}${listFlags(values)}`;
  },
  create(values, environment) {
    const { services, family } = environment;
    const given = values['to-ports']?.value ?? NO_RANGE;
    const flags = given.flags | rangeFlags(values);
    const { minPart, maxPart } = given;
    return translate(
      environment,
      () => DESTINATION,
      (packet, { hook, inDevice }) => {
        const address = hook === OUTPUT ? LOOPBACK[family] : services.ownAddress(packet, inDevice);
        if (address === undefined) return DROP;
        return { ...oneAddress(addressWords(address, 0, family), flags), minPart, maxPart };
      },
    );
  },
});
