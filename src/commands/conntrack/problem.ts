/** What the program is called in its messages. */
export const PROGRAM = 'conntrack v1.4.7 (conntrack-tools): ';

/** Ends a command with a message and an exit status: 2 for wrong words, 1 for anything else. */
export class ConntrackProblem extends Error {
  readonly exit: number;

  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }

  /** As it stands on standard error. */
  get text(): string {
    const advice = "Try `conntrack -h' or 'conntrack --help' for more information.\n";
    return `${PROGRAM}${this.message}\n${this.exit === 2 ? advice : ''}`;
  }
}

/** The words are wrong. */
export function wrong(message: string): never {
  throw new ConntrackProblem(message, 2);
}

/** The words are right, but it did not work. */
export function failed(message: string): never {
  throw new ConntrackProblem(message, 1);
}
