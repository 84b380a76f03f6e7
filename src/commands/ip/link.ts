import type { Host } from '../../host/host.ts';
import type { Interface } from '../../host/interface.ts';
import { Arguments, abbreviated, IpProblem, invalid, kernelError, kernelSays } from './arguments.ts';
import { flagsOf, headLines, linkJson, requireDevice, shownDevice, stateOf } from './device.ts';
import type { IpObject, IpOptions } from './object.ts';
import { macText, parseMac } from './prefix.ts';

const COMMANDS = ['add', 'change', 'chg', 'replace', 'delete', 'set', 'show', 'list', 'lst'] as const;
const LARGEST_MTU = 65521;

/** `ip link` */
export const link: IpObject = (host, args, options) => {
  const typed = args.more ? args.next() : 'show';
  const command = abbreviated(typed, COMMANDS);
  switch (command) {
    case 'show':
    case 'list':
    case 'lst':
      return showLinks(host, args, options);
    case 'set':
    case 'change':
    case 'chg':
      setLink(host, args);
      return '';
    case 'add':
    case 'replace':
      addLink(host, args);
      return '';
    case 'delete': {
      args.accept('dev');
      const device = requireDevice(host, args.next());
      if (device.loopback) throw kernelSays('Operation not supported');
      host.interfaces.remove(device);
      return '';
    }
    default:
      throw new IpProblem(`Command "${typed}" is unknown, try "ip link help".\n`, 255);
  }
};

interface Change {
  up?: boolean;
  mac?: Uint8Array;
  mtu?: number;
  group?: number;
  name?: string;
}

function readChange(args: Arguments, named: (name: string) => void): Change {
  const change: Change = {};
  while (args.more) {
    const word = args.next();
    if (word === 'up') change.up = true;
    else if (word === 'down') change.up = false;
    else if (word === 'mtu') change.mtu = args.number('Invalid "mtu" value\n');
    else if (word === 'name') change.name = args.next();
    else if (word === 'address') {
      const text = args.next();
      const mac = parseMac(text);
      if (!mac) throw new IpProblem(`"${text}" is invalid lladdr.\n`, 1);
      change.mac = mac;
    } else if (word === 'group') {
      const text = args.next();
      const group = text === 'default' ? 0 : Number(text);
      if (!Number.isInteger(group) || group < 0 || group > 0xffffffff)
        throw invalid(text, 'Invalid "group" value\n');
      change.group = group;
    } else if (word === 'arp' || word === 'multicast' || word === 'promisc' || word === 'allmulticast') {
      const how = args.next();
      if (how !== 'on' && how !== 'off')
        throw new IpProblem(`Error: argument of "${word}" must be "on" or "off", not "${how}"\n`, 255);
    } else if (word === 'txqueuelen' || word === 'qlen') args.number('Invalid "txqueuelen" value\n');
    else if (word === 'dev') named(args.next());
    else named(word);
  }
  return change;
}

function setLink(host: Host, args: Arguments): void {
  let device: Interface | undefined;
  const change = readChange(args, (name) => {
    if (device) throw new IpProblem(`Error: either "dev" is duplicate, or "${name}" is a garbage.\n`, 255);
    device = requireDevice(host, name);
  });
  if (!device) throw new IpProblem('Not enough of information: "dev" argument is required.\n', 255);
  checkMtu(change.mtu);
  if (change.name !== undefined && host.interfaces.get(change.name)) throw kernelSays('File exists');
  apply(host, device, change);
}

function apply(host: Host, device: Interface, change: Change): void {
  // A group address or none at all is no interface's (net/ethernet/eth.c, eth_mac_addr).
  if (change.mac && ((change.mac[0]! & 1) === 1 || change.mac.every((byte) => byte === 0)))
    throw kernelSays('Cannot assign requested address');
  if (change.mac) device.mac = change.mac;
  if (change.mtu !== undefined) {
    device.mtu = change.mtu;
    device.mtu6 = change.mtu;
  }
  if (change.group !== undefined) device.group = change.group;
  if (change.name !== undefined) host.interfaces.rename(device, change.name);
  if (change.up !== undefined) host.interfaces.setUp(device, change.up);
}

function checkMtu(mtu: number | undefined): void {
  if (mtu === undefined) return;
  if (mtu < 68) throw kernelError('mtu less than device minimum.');
  if (mtu > LARGEST_MTU) throw kernelError('mtu greater than device maximum.');
}

/** Kinds of devices that behave as a plain Ethernet one here. */
const KINDS = new Set(['dummy', 'tap', 'tun', 'veth']);

function addLink(host: Host, args: Arguments): void {
  let name: string | undefined;
  let kind: string | undefined;
  const rest: string[] = [];
  args.accept('link');
  while (args.more) {
    const word = args.next();
    if (word === 'type') {
      kind = args.next();
      break;
    }
    rest.push(word);
  }
  if (!kind) throw new IpProblem('Not enough information: "type" argument is required\n', 255);
  if (!KINDS.has(kind))
    throw new IpProblem(`Error: a link of type ${kind} is not supported; dummy, tap and veth are.\n`, 2);
  const change = readChange(new Arguments(rest), (given) => {
    name ??= given;
  });
  name = change.name ?? name;
  if (!name) throw new IpProblem('Not enough information: "name" argument is required\n', 255);
  if (host.interfaces.get(name)) throw kernelSays('File exists');
  checkMtu(change.mtu);
  const mac = change.mac ?? Uint8Array.of(2, 0, 0, 0, 0xff, host.interfaces.list().length);
  const device = host.interfaces.add({ name, mac });
  apply(host, device, { ...change, name });
}

function showLinks(host: Host, args: Arguments, options: IpOptions): string {
  const { device, up } = shownDevice(host, args);
  const shown = (device ? [device] : host.interfaces.list()).filter((one) => !up || one.up);
  if (options.json) {
    return `${JSON.stringify(shown.map((one) => linkJson(one, true)))}\n`;
  }
  if (options.brief) {
    return shown
      .map(
        (one) =>
          `${one.name.padEnd(16)} ${stateOf(one).padEnd(14)} ${macText(one.mac)} <${flagsOf(one).join(',')}> \n`,
      )
      .join('');
  }
  return shown.map((one) => headLines(one, true, options)).join('');
}
