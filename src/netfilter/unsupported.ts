/** Something real Linux has and this one refuses, with the words of the refusal: `match state`. */
export class NotSupportedYet extends Error {
  readonly what: string;

  constructor(what: string) {
    super(`not supported yet: ${what}`);
    this.name = 'NotSupportedYet';
    this.what = what;
  }
}
