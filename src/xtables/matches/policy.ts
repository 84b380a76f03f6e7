import { INPUT, OUTPUT, POSTROUTING, PREROUTING } from '../../netfilter/constants.ts';
import {
  defineMatch,
  type FunctionTest,
  type Given,
  option,
  type ParseContext,
  type PrintContext,
  type Values,
  type ValueType,
} from '../extension.ts';
import { hostMask } from '../hosts.ts';
import { Problem } from '../problem.ts';
import { parseProtocol } from '../protocols.ts';
import { flag, hex, integer } from '../values.ts';

const MOST_ELEMENTS = 4;
const PROTOCOLS: ReadonlySet<number> = new Set([50, 51, 108]);

const oneOf = (words: readonly string[], complain: (given: string) => string): ValueType<string> => ({
  syntax: words.join('|'),
  argument: 'required',
  choices: words,
  parse(given) {
    if (!words.includes(given)) throw new Problem(complain(given));
    return given;
  },
  print: (word) => word,
});

/** What an option says of one element of the policy, which `--next` separates. */
interface Part<T> {
  readonly element: number;
  readonly value: T;
}

function elementAt({ before }: ParseContext): number {
  return Array.isArray(before.next) ? before.next.length : 0;
}

/** An option that each element may have once; `late`: its argument is looked at after that was checked. */
function partOf<T>(type: ValueType<T>, late = false): ValueType<Part<T>> {
  return {
    ...type,
    parse(given, context) {
      const element = elementAt(context);
      const once = () => {
        const before = (context.before[context.option] ?? []) as readonly Given<Part<unknown>>[];
        if (before.every(({ value }) => value.element !== element)) return;
        throw new Problem(`policy match: double --${context.option} option`);
      };
      if (late) once();
      const value = type.parse(given, context);
      if (!late) once();
      return { element, value };
    },
    print: ({ value }, context) => type.print(value, context),
  };
}

const protocol: ValueType<number> = {
  syntax: 'ah|esp|ipcomp',
  argument: 'required',
  choices: ['ah', 'esp', 'ipcomp'],
  parse(given, { names }) {
    const number = parseProtocol(given, names);
    if (!PROTOCOLS.has(number)) throw new Problem('policy match: protocol must be ah/esp/ipcomp');
    return number;
  },
  print: (number, { numeric, names }) => (numeric ? undefined : names.protocolName(number)) ?? String(number),
};

const next: ValueType<true> = {
  ...flag,
  parse(_given, context) {
    if (elementAt(context) + 1 < MOST_ELEMENTS) return true;
    throw new Problem('policy match: maximum policy depth reached');
  },
};

const spi: ValueType<number> = { ...integer(0, 0xffffffff), print: hex };
const mode = oneOf(['transport', 'tunnel'], (given) => `policy match: invalid mode "${given}"`);

const part = <T>(type: ValueType<T>, help: string, late = false) =>
  option(partOf(type, late), { invert: true, multiple: true, help });

const options = {
  dir: option(
    oneOf(['in', 'out'], (given) => `policy_match: invalid dir "${given}"`),
    { help: 'in: what was decapsulated on the way in; out: what will be on the way out.' },
  ),
  pol: option(
    oneOf(['none', 'ipsec'], (given) => `policy match: invalid policy "${given}"`),
    { help: 'ipsec: the packet is subject to IPsec, as by default; none: it is not.' },
  ),
  strict: option(flag, { help: 'The elements are the whole policy, not just one that is among them.' }),
  reqid: part(integer(0, 0xffffffff), 'Number of the request (the policy’s `unique:N`).'),
  spi: part(spi, 'Security parameter index.'),
  proto: part(protocol, 'Protocol of the encapsulation.', true),
  mode: part(mode, 'Mode of the encapsulation.', true),
  'tunnel-dst': part(hostMask, 'Destination of the tunnel.'),
  'tunnel-src': part(hostMask, 'Source of the tunnel.'),
  next: option(next, { multiple: true, needs: ['strict'], help: 'Begins the next element.' }),
};

type PolicyValues = Values<typeof options>;
const PARTS = ['reqid', 'spi', 'proto', 'mode', 'tunnel-dst', 'tunnel-src'] as const;

/** What is said of an element, in the order in which it is printed. */
function elementParts(
  values: PolicyValues,
  element: number,
): [(typeof PARTS)[number], Given<Part<unknown>>][] {
  const found: [(typeof PARTS)[number], Given<Part<unknown>>][] = [];
  for (const name of PARTS) {
    const list: readonly Given<Part<unknown>>[] = values[name] ?? [];
    const given = list.find(({ value }) => value.element === element);
    if (given) found.push([name, given]);
  }
  return found;
}

function elementCount({ pol, next: separators }: PolicyValues): number {
  return pol?.value === 'none' ? 0 : (separators?.length ?? 0) + 1;
}

/** Tunnel addresses need `--mode tunnel`, or that it is said not to be transport. */
function isTunnel(given: Given<Part<unknown>> | undefined): boolean {
  return given !== undefined && (given.value.value === 'tunnel') !== given.inverted;
}

function text(values: PolicyValues, prefix: string, numbered: boolean, context: PrintContext): string {
  const count = elementCount(values);
  let line = ` ${prefix}dir ${values.dir?.value} ${prefix}pol ${values.pol?.value}`;
  if (values.strict) line += ` ${prefix}strict`;
  for (let element = 0; element < count; element++) {
    if (numbered && count > 1) line += ` [${element}]`;
    for (const [name, given] of elementParts(values, element)) {
      const value = options[name].type.print(given.value as never, context);
      line += `${given.inverted ? ' !' : ''} ${prefix}${name} ${value}`;
    }
    if (!numbered && element + 1 < count) line += ` ${prefix}next`;
  }
  return line;
}

export const policy = defineMatch({
  name: 'policy',
  summary: 'IPsec policy that the packet came by, or will leave by',
  about:
    'A simulated host has no IPsec: as on a Linux host without policies, --pol none fits every packet and --pol ipsec none. ' +
    'With --dir in it stands in PREROUTING, INPUT and FORWARD, with --dir out in FORWARD, OUTPUT and POSTROUTING.',
  source: 'net/netfilter/xt_policy.c policy_mt, policy_mt_check',
  options,
  verify(values) {
    if (!values.dir) throw new Problem('policy match: neither --dir in nor --dir out specified');
    if (values.pol?.value === 'none') {
      if (values.strict) throw new Problem('policy match: policy none but --strict given');
      if (values.next) throw new Problem('policy match: policy none but policy given');
    }
    for (let element = 0; element < elementCount(values); element++) {
      const parts = new Map(elementParts(values, element));
      if (values.strict && parts.size === 0) {
        throw new Problem(
          `policy match: empty policy element ${element}. --strict is in effect, but at least one of reqid, spi, ` +
            'tunnel-src, tunnel-dst, proto or mode is required.',
        );
      }
      if ((parts.has('tunnel-src') || parts.has('tunnel-dst')) && !isTunnel(parts.get('mode'))) {
        throw new Problem('policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode');
      }
    }
  },
  settle: (values) => ({ ...values, pol: values.pol ?? { value: 'ipsec', inverted: false } }),
  save: (values, context) => text(values, '--', false, { ...context, numeric: false }),
  list: (values, context) => ` policy match${text(values, '', true, context)}`,
  check({ dir }, { hooks }) {
    const refused = dir?.value === 'in' ? [OUTPUT, POSTROUTING] : [PREROUTING, INPUT];
    return refused.some((hook) => hooks & (1 << hook)) ? 'EINVAL' : undefined;
  },
  tests({ pol }) {
    const fits = pol?.value === 'none';
    const test: FunctionTest = { option: 'pol', run: () => fits, explain: () => 'no IPsec policy' };
    return [test];
  },
});
