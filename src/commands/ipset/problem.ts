import type { SetError } from '../../ipset/set.ts';

/** What the real tool refuses: its text without `ipset v7.17: `, and its exit status. */
export class IpsetProblem extends Error {
  readonly exit: number;

  constructor(message: string, exit = 1) {
    super(message);
    this.name = 'IpsetProblem';
    this.exit = exit;
  }
}

/** What was typed has no such word; the tool points to its help. */
export function misuse(message: string): IpsetProblem {
  return new IpsetProblem(`${message}\nTry \`ipset help' for more information.`, 2);
}

export function syntax(message: string): IpsetProblem {
  return new IpsetProblem(`Syntax error: ${message}`);
}

const TEXTS: Readonly<Record<SetError, string>> = {
  EXIST: "Element cannot be added to the set: it's already added",
  MISSING: "Element cannot be deleted from the set: it's not added",
  FULL: 'Hash is full, cannot add more elements',
  RANGE: 'Element is out of the range of the set',
  LOOP: 'Sets with list:set type cannot be added to the set.',
  NAME: 'Set to be added/deleted/tested as element does not exist.',
  NAMEREF: "The set to which you referred with 'before' or 'after' is not added to the set.",
  CIDR: 'The value of the CIDR parameter of the IP address is invalid',
  REF_EXIST: "The set to which you referred with 'before' or 'after' is not added to the set.",
};

export function refused(error: SetError): IpsetProblem {
  return new IpsetProblem(TEXTS[error]);
}

/** A number as the tool reads it, in its words if it is none. */
export function number(text: string, minimum: number, maximum: number, most = String(maximum)): number {
  const value = /^[+-]?(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.test(text)
    ? Number(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text.replace(/^[+-]/, ''))
    : Number.NaN;
  if (Number.isNaN(value)) throw syntax(`'${text}' is invalid as number`);
  const signed = text.startsWith('-') ? -value : value;
  if (signed < minimum || signed > maximum) throw syntax(`'${text}' is out of range ${minimum}-${most}`);
  return signed;
}
