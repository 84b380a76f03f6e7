/** Something the user can put right. The program prints `fivehooks: MESSAGE` and ends with `exit`. */
export class UserProblem extends Error {
  /** 1: it failed; 2: it was called the wrong way. */
  readonly exit: 1 | 2;

  constructor(message: string, exit: 1 | 2 = 1) {
    super(message);
    this.name = 'UserProblem';
    this.exit = exit;
  }
}

/** What to say of an error that should not be: one scenario or one command of many must not take the others with it. */
export function faultText(error: unknown): string {
  return `a fault of fivehooks, please report it: ${error instanceof Error ? error.stack : String(error)}`;
}
