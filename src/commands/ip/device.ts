import type { Host } from '../../host/host.ts';
import type { Interface } from '../../host/interface.ts';
import { type Arguments, IpProblem } from './arguments.ts';
import type { IpOptions } from './object.ts';
import { macText } from './prefix.ts';

/** The interface of a name, or what `ip` says of one that is not there. */
export function requireDevice(host: Host, name: string): Interface {
  const device = host.interfaces.get(name);
  if (!device) throw new IpProblem(`Cannot find device "${name}"\n`, 1);
  return device;
}

/** `<BROADCAST,MULTICAST,UP,LOWER_UP>` */
export function flagsOf(device: Interface): string[] {
  const flags = device.loopback ? ['LOOPBACK'] : ['BROADCAST', 'MULTICAST'];
  if (device.promiscuous) flags.push('PROMISC');
  return device.up ? [...flags, 'UP', 'LOWER_UP'] : flags;
}

export function stateOf(device: Interface): string {
  if (!device.up) return 'DOWN';
  // Neither lo nor a TAP device reports a state of its own.
  return 'UNKNOWN';
}

/** The lines about an interface itself; `mode` is there in `ip link` and not in `ip addr`. */
export function headLines(device: Interface, mode: boolean, options: IpOptions): string {
  const group = device.group === 0 ? 'default' : String(device.group);
  const first =
    `${device.index}: ${device.name}: <${flagsOf(device).join(',')}> mtu ${device.mtu} ` +
    `qdisc ${device.loopback ? 'noqueue' : 'pfifo_fast'} state ${stateOf(device)} ` +
    `${mode ? 'mode DEFAULT ' : ''}group ${group} qlen 1000`;
  const kind = device.loopback ? 'loopback' : 'ether';
  const broadcast = device.loopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff';
  const second = `    link/${kind} ${macText(device.mac)} brd ${broadcast}`;
  return options.family !== undefined && !mode
    ? `${first}\n`
    : `${first}${options.oneLine ? '\\' : '\n'}${second}\n`;
}

/** The device that a `show` names; undefined for all. */
export function shownDevice(host: Host, args: Arguments): { device?: Interface; up: boolean } {
  let device: Interface | undefined;
  let up = false;
  while (args.more) {
    if (args.accept('up')) {
      up = true;
      continue;
    }
    args.accept('dev');
    const name = args.next();
    device = host.interfaces.get(name);
    if (!device) throw new IpProblem(`Device "${name}" does not exist.\n`, 1);
  }
  return device ? { device, up } : { up };
}

export function linkJson(device: Interface, mode: boolean): Record<string, unknown> {
  return {
    ifindex: device.index,
    ifname: device.name,
    flags: flagsOf(device),
    mtu: device.mtu,
    qdisc: device.loopback ? 'noqueue' : 'pfifo_fast',
    operstate: stateOf(device),
    ...(mode ? { linkmode: 'DEFAULT' } : {}),
    group: device.group === 0 ? 'default' : String(device.group),
    txqlen: 1000,
    link_type: device.loopback ? 'loopback' : 'ether',
    address: macText(device.mac),
    broadcast: device.loopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff',
  };
}
