import type { SetError } from '../../ipset/settings.ts';

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
  NULL: 'Null-valued element, cannot be stored in a hash type of set',
  CIDR: 'The value of the CIDR parameter of the IP address is invalid',
  PROTOCOL: 'Invalid protocol specified',
  INVALID: 'Kernel error received: Invalid argument',
  WHOLE: 'Invalid range, covers the whole address space',
  LOOP: 'Sets with list:set type cannot be added to the set.',
  NAME: 'Set to be added/deleted/tested as element does not exist.',
  NAMEREF: "The set to which you referred with 'before' or 'after' does not exist.",
  REF_MISSING: "The set to which you referred with 'before' or 'after' is not added to the set.",
};

export function refused(error: SetError): IpsetProblem {
  return new IpsetProblem(TEXTS[error]);
}

/** A number as the tool reads it, in its words if it is none. */
export function number(text: string, minimum: number, maximum: number): number {
  return Number(wholeNumber(text, BigInt(minimum), BigInt(maximum)));
}

/** The same of 64 bits. */
export function wholeNumber(text: string, minimum: bigint, maximum: bigint): bigint {
  const match = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  if (!match) throw syntax(`'${text}' is invalid as number`);
  const [, sign, digits] = match as unknown as [string, string, string];
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const signed = sign === '-' ? -value : value;
  if (signed < minimum || signed > maximum) throw syntax(`'${text}' is out of range ${minimum}-${maximum}`);
  return signed;
}
