/** Exit statuses of the iptables commands (include/xtables.h, enum xtables_exittype). */
export const EXIT_OTHER = 1;
export const EXIT_PARAMETER = 2;
export const EXIT_VERSION = 3;
export const EXIT_RESOURCE = 4;

/**
 * What was typed is wrong. `message` is what the real tool says behind `iptables v1.8.9 (legacy): `; where its text
 * ends in an extra newline, so does the message. The command adds the line "Try `iptables -h' …" for EXIT_PARAMETER.
 */
export class Problem extends Error {
  readonly exit: number;

  constructor(message: string, exit: number = EXIT_PARAMETER) {
    super(message);
    this.name = 'Problem';
    this.exit = exit;
  }
}
