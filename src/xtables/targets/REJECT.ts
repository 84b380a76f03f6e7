import { DROP } from '../../netfilter/verdict.ts';
import { defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { checksumFits4, sendReset4 } from '../reject4.ts';
import { checksumFits6, sendReset6 } from '../reject6.ts';

/** Name, the other name that the command takes, and the code; -1 is a TCP reset. */
type Kind = readonly [string, string, number];

const UNREACHABLE4 = 3;
const UNREACHABLE6 = 1;
const RESET = -1;
const KINDS4: readonly Kind[] = [
  ['icmp-net-unreachable', 'net-unreach', 0],
  ['icmp-host-unreachable', 'host-unreach', 1],
  ['icmp-proto-unreachable', 'proto-unreach', 2],
  ['icmp-port-unreachable', 'port-unreach', 3],
  ['icmp-net-prohibited', 'net-prohib', 9],
  ['icmp-host-prohibited', 'host-prohib', 10],
  ['tcp-reset', 'tcp-rst', RESET],
  ['icmp-admin-prohibited', 'admin-prohib', 13],
];
const KINDS6: readonly Kind[] = [
  ['icmp6-no-route', 'no-route', 0],
  ['icmp6-adm-prohibited', 'adm-prohibited', 1],
  ['icmp6-addr-unreachable', 'addr-unreach', 3],
  ['icmp6-port-unreachable', 'port-unreach', 4],
  ['tcp-reset', 'tcp-reset', RESET],
  ['icmp6-policy-fail', 'policy-fail', 5],
  ['icmp6-reject-route', 'reject-route', 6],
];

/** One of the names, or a beginning of one: the first that fits. */
function kinds(known: readonly Kind[]): ValueType<string> {
  return {
    syntax: 'type',
    argument: 'required',
    choices: known.map(([name]) => name),
    parse(given, context) {
      const wanted = given.toLowerCase();
      const found = known.find(([name, short]) => name.startsWith(wanted) || short.startsWith(wanted));
      if (found) return found[0];
      // A kind that the real tool once had.
      if (['echo-reply', 'echoreply'].includes(wanted) && known === KINDS4) {
        context.warn('--reject-with echo-reply no longer supported\n');
      }
      throw new Problem(`unknown reject type "${given}"`);
    },
    print: (name) => name,
  };
}

function rejectTarget(family: 4 | 6, known: readonly Kind[], otherwise: string) {
  return defineTarget({
    name: 'REJECT',
    families: [family],
    summary: 'drops the packet and tells its sender',
    about:
      'Nothing is said about later fragments, packets with a wrong checksum, ICMP errors, and what went to all. A TCP ' +
      'reset answers TCP alone, and no reset.',
    source:
      family === 4
        ? 'net/ipv4/netfilter/ipt_REJECT.c reject_tg'
        : 'net/ipv6/netfilter/ip6t_REJECT.c reject_tg6',
    table: 'filter',
    options: {
      'reject-with': option(kinds(known), { help: `What is said; ${otherwise} if left out.` }),
    },
    terminal: true,
    settle: (values) => ({ 'reject-with': values['reject-with'] ?? { value: otherwise, inverted: false } }),
    list: ({ 'reject-with': given }) => ` reject-with ${given?.value ?? otherwise}`,
    check({ 'reject-with': given }, { protocol, protocolInverted }) {
      const reset = codeOf(known, given?.value ?? otherwise) === RESET;
      return reset && (protocol !== 6 || protocolInverted) ? 'EINVAL' : undefined;
    },
    create({ 'reject-with': given }, { services }) {
      const code = codeOf(known, given?.value ?? otherwise);
      if (family === 4) {
        return (packet) => {
          if (code === RESET) sendReset4(packet, services);
          else if (checksumFits4(packet)) services.sendIcmpError(packet, UNREACHABLE4, code, 0);
          return DROP;
        };
      }
      return (packet) => {
        if (code === RESET) sendReset6(packet, services);
        else if (checksumFits6(packet)) services.sendIcmpError(packet, UNREACHABLE6, code, 0);
        return DROP;
      };
    },
  });
}

function codeOf(known: readonly Kind[], name: string): number {
  return known.find(([kind]) => kind === name)?.[2] ?? 0;
}

export const REJECT = [
  rejectTarget(4, KINDS4, 'icmp-port-unreachable'),
  rejectTarget(6, KINDS6, 'icmp6-port-unreachable'),
];
