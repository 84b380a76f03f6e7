/** What a command has written so far. */
export class Output {
  #stdout: string[] = [];
  #stderr: string[] = [];

  print(text: string): void {
    this.#stdout.push(text);
  }

  complain(text: string): void {
    this.#stderr.push(text);
  }

  get stdout(): string {
    return this.#stdout.join('');
  }

  get stderr(): string {
    return this.#stderr.join('');
  }
}

/** Ends a command at once: after `-h` or `-V`, or with a message that is already written. */
export class Exit extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}
