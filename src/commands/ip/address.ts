import type { Host } from '../../host/host.ts';
import type { Address4, Address6, Interface } from '../../host/interface.ts';
import {
  type Arguments,
  abbreviated,
  IpProblem,
  invalid,
  kernelError,
  kernelSays,
  wholeNumber,
} from './arguments.ts';
import { flagsOf, headLines, linkJson, requireDevice, shownDevice, stateOf } from './device.ts';
import { SCOPES, scopeName } from './names.ts';
import type { IpObject, IpOptions } from './object.ts';
import { addressText, asNumber, fromNumber, type Prefix } from './prefix.ts';

const COMMANDS = ['add', 'change', 'chg', 'replace', 'delete', 'show', 'list', 'lst', 'flush'] as const;
const NODAD = 0x02;
const PERMANENT = 0x80;

/** `ip address` */
export const address: IpObject = (host, args, options) => {
  const typed = args.more ? args.next() : 'show';
  const command = abbreviated(typed, COMMANDS);
  switch (command) {
    case 'add':
      change(host, args, options, 'add');
      return '';
    case 'change':
    case 'chg':
    case 'replace':
      change(host, args, options, 'replace');
      return '';
    case 'delete':
      change(host, args, options, 'delete');
      return '';
    case 'flush':
      return flush(host, args, options);
    case 'show':
    case 'list':
    case 'lst':
      return show(host, args, options);
    default:
      throw new IpProblem(`Command "${typed}" is unknown, try "ip address help".\n`, 255);
  }
};

interface Wanted {
  local: Prefix | undefined;
  peer: Prefix | undefined;
  broadcast: '+' | '-' | Uint8Array | undefined;
  scope: number | undefined;
  label: string | undefined;
  nodad: boolean;
  device: Interface | undefined;
}

function read(host: Host, args: Arguments, { family }: IpOptions): Wanted {
  const wanted: Wanted = {
    local: undefined,
    peer: undefined,
    broadcast: undefined,
    scope: undefined,
    label: undefined,
    nodad: false,
    device: undefined,
  };
  let deviceName: string | undefined;
  while (args.more) {
    if (args.accept('peer', 'remote')) wanted.peer = args.prefix(wanted.local?.family ?? family);
    else if (args.accept('brd', 'broadcast')) {
      wanted.broadcast = args.accept('+')
        ? '+'
        : args.accept('-')
          ? '-'
          : args.address(wanted.local?.family ?? family);
    } else if (args.accept('scope')) {
      const word = args.next();
      wanted.scope = SCOPES[word] ?? wholeNumber(word);
      if (wanted.scope === undefined) throw invalid(word, 'invalid scope value.');
    } else if (args.accept('dev')) deviceName = args.next();
    else if (args.accept('label')) wanted.label = args.next();
    else if (args.accept('nodad')) wanted.nodad = true;
    else if (args.accept('metric', 'priority', 'preference')) args.number('"metric" value is invalid');
    else if (args.accept('valid_lft', 'preferred_lft')) args.next();
    else if (args.accept('home', 'mngtmpaddr', 'noprefixroute', 'autojoin', 'optimistic')) continue;
    else {
      args.accept('local');
      if (wanted.local)
        throw new IpProblem(`Error: either "local" is duplicate, or "${args.next()}" is a garbage.\n`, 255);
      wanted.local = args.prefix(family);
    }
  }
  if (deviceName === undefined)
    throw new IpProblem('Not enough information: "dev" argument is required.\n', 1);
  wanted.device = requireDevice(host, deviceName);
  return wanted;
}

function change(host: Host, args: Arguments, options: IpOptions, how: 'add' | 'replace' | 'delete'): void {
  const wanted = read(host, args, options);
  const device = wanted.device!;
  const { local } = wanted;
  if (!local) throw kernelSays('Invalid argument');
  if (how === 'delete') {
    remove(host, device, local);
    return;
  }
  if (local.family === 6) add6(host, device, local, wanted, how);
  else add4(host, device, local, wanted, how);
}

function add4(host: Host, device: Interface, local: Prefix, wanted: Wanted, how: 'add' | 'replace'): void {
  const own = asNumber(local.bytes);
  const prefixLength = wanted.peer?.length ?? local.length;
  const peer = wanted.peer ? asNumber(wanted.peer.bytes) : own;
  const mask = prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) | 0;
  const { broadcast } = wanted;
  const brd =
    broadcast === '+'
      ? prefixLength < 31
        ? own | ~mask
        : 0
      : broadcast instanceof Uint8Array
        ? asNumber(broadcast)
        : 0;
  const added = host.interfaces.addAddress4(device, {
    address: own,
    prefixLength,
    peer,
    broadcast: brd,
    // A loopback address is of scope host unless something else was asked for (iproute2's default_scope).
    scope: wanted.scope ?? (own >>> 24 === 127 ? SCOPES.host! : 0),
    label: wanted.label ?? device.name,
  });
  if (!added && how === 'add') throw kernelError('ipv4: Address already assigned.');
}

function add6(host: Host, device: Interface, local: Prefix, wanted: Wanted, how: 'add' | 'replace'): void {
  // Below the least MTU of IPv6 (RFC 8200, section 5) an interface has no IPv6 (net/ipv6/addrconf.c, ipv6_add_dev).
  if (device.mtu < 1280) throw kernelSays('Invalid argument');
  if (device.disabled6) throw kernelError('ipv6: IPv6 is disabled on this device.');
  const flags = PERMANENT | (wanted.nodad ? NODAD : 0);
  const added = host.interfaces.addAddress6(device, {
    bytes: local.bytes,
    prefixLength: local.length,
    flags,
  });
  if (!added && how === 'add') throw kernelError('ipv6: address already assigned.');
}

function remove(host: Host, device: Interface, local: Prefix): void {
  if (local.family === 6) {
    const text = addressText(local.bytes);
    const found = device.addresses6.find(
      ({ bytes, prefixLength }) => prefixLength === local.length && addressText(bytes) === text,
    );
    if (!found) throw kernelError('ipv6: address not found.');
    host.interfaces.removeAddress6(device, found);
    return;
  }
  const own = asNumber(local.bytes);
  const found = device.addresses4.find(
    (candidate) => candidate.address === own && (!local.explicit || candidate.prefixLength === local.length),
  );
  if (!found) throw kernelError('ipv4: Address not found.');
  host.interfaces.removeAddress4(device, found);
}

function flush(host: Host, args: Arguments, { family }: IpOptions): string {
  if (!args.more) throw new IpProblem('Flush requires arguments.\n', 255);
  const { device } = shownDevice(host, args);
  for (const one of device ? [device] : host.interfaces.list()) {
    if (family !== 6)
      for (const old of [...one.addresses4])
        if (one.addresses4.includes(old)) host.interfaces.removeAddress4(one, old);
    if (family !== 4) for (const old of [...one.addresses6]) host.interfaces.removeAddress6(one, old);
  }
  return '';
}

const LIFETIME = 'valid_lft forever preferred_lft forever';

function line4({ address: own, prefixLength, peer, broadcast, scope, secondary, label }: Address4): string {
  const mine = addressText(fromNumber(own));
  const shown =
    peer === own
      ? `${mine}/${prefixLength}`
      : `${mine} peer ${addressText(fromNumber(peer))}/${prefixLength}`;
  const brd = broadcast === 0 ? '' : ` brd ${addressText(fromNumber(broadcast))}`;
  return `inet ${shown}${brd} scope ${scopeName(scope)} ${secondary ? 'secondary ' : ''}${label}`;
}

function line6({ bytes, prefixLength, scope, flags }: Address6): string {
  const name = scope === 0x20 ? 'link' : scope === 0x10 ? 'host' : scope === 0x40 ? 'site' : 'global';
  return `inet6 ${addressText(bytes)}/${prefixLength} scope ${name} ${flags & NODAD ? 'nodad ' : ''}`;
}

function show(host: Host, args: Arguments, options: IpOptions): string {
  const { device, up } = shownDevice(host, args);
  const { family } = options;
  const shown = (device ? [device] : host.interfaces.list()).filter((one) => !up || one.up);
  const four = (one: Interface) => (family === 6 ? [] : one.addresses4);
  const six = (one: Interface) => (family === 4 ? [] : one.addresses6);
  if (options.json) return `${JSON.stringify(shown.map((one) => json(one, four(one), six(one))))}\n`;
  let text = '';
  for (const one of shown) {
    const lines = [...four(one).map(line4), ...six(one).map(line6)];
    if (options.brief) {
      const short = [...four(one).map(line4), ...six(one).map(line6)].map(
        (line) => /^inet6? (.*?)(?: brd| scope)/.exec(line)![1],
      );
      text += `${one.name.padEnd(16)} ${stateOf(one).padEnd(14)} ${short.map((word) => `${word} `).join('')}\n`;
    } else if (options.oneLine) {
      for (const line of lines) text += `${one.index}: ${one.name}    ${line}\\       ${LIFETIME}\n`;
    } else if (family === undefined || lines.length > 0) {
      text += headLines(one, false, options);
      for (const line of lines) text += `    ${line}\n       ${LIFETIME}\n`;
    }
  }
  return text;
}

const FOREVER = 4294967295;

function json(
  device: Interface,
  four: readonly Address4[],
  six: readonly Address6[],
): Record<string, unknown> {
  return {
    ...linkJson(device, false),
    flags: flagsOf(device),
    addr_info: [
      ...four.map(({ address: own, prefixLength, peer, broadcast, scope, secondary, label }) => ({
        family: 'inet',
        local: addressText(fromNumber(own)),
        ...(peer === own ? {} : { address: addressText(fromNumber(peer)) }),
        prefixlen: prefixLength,
        ...(broadcast === 0 ? {} : { broadcast: addressText(fromNumber(broadcast)) }),
        scope: scopeName(scope),
        ...(secondary ? { secondary: true } : {}),
        label,
        valid_life_time: FOREVER,
        preferred_life_time: FOREVER,
      })),
      ...six.map(({ bytes, prefixLength, scope, flags }) => ({
        family: 'inet6',
        local: addressText(bytes),
        prefixlen: prefixLength,
        scope: scope === 0x20 ? 'link' : scope === 0x10 ? 'host' : 'global',
        ...(flags & NODAD ? { nodad: true } : {}),
        valid_life_time: FOREVER,
        preferred_life_time: FOREVER,
      })),
    ],
  };
}
