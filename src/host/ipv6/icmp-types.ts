/** ICMPv6 message types (RFC 4443, 4861, 2710). */
export const ICMP6 = {
  UNREACHABLE: 1,
  TOO_BIG: 2,
  TIME_EXCEEDED: 3,
  PARAMETER_PROBLEM: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOUR_SOLICITATION: 135,
  NEIGHBOUR_ADVERTISEMENT: 136,
  REDIRECT: 137,
  EXTENDED_ECHO_REQUEST: 160,
  EXTENDED_ECHO_REPLY: 161,
} as const;

/** Types from here on are information, below they are errors. */
export const INFORMATION = 0x80;

/** Codes of "destination unreachable". */
export const UNREACHABLE = {
  NO_ROUTE: 0,
  PROHIBITED: 1,
  BEYOND_SCOPE: 2,
  ADDRESS: 3,
  PORT: 4,
} as const;

/** Codes of "parameter problem". */
export const PARAMETER_PROBLEM = { FIELD: 0, NEXT_HEADER: 1, OPTION: 2, INCOMPLETE_FIRST: 3 } as const;
