import type { Family } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { prefixMask4 } from '../wire/address.ts';
import { DEFAULT_LOG, formatPacketLog } from '../xtables/log-line.ts';
import { bothWaysMtu } from './both-ways-mtu.ts';
import { duplicator } from './duplicate.ts';
import type { Host } from './host.ts';
import { reversePath } from './reverse-path.ts';
import { masqueradeAddress, proxyAddress, redirectAddress } from './translation-addresses.ts';

const NOWHERE = { hook: 0, inDevice: 0, outDevice: 0 } as const;

/** What the host hands to the floors before it. */
export function hostServices(host: Host): Services {
  const epoch = host.options.epoch ?? 0;
  const random = host.options.random ?? sequence(host.options.seed ?? 1);
  return {
    interfaces: host.interfaces,
    timers: host.timers,
    now: () => host.timers.now,
    wallClock: () => epoch + host.timers.now,
    random,
    log: (level, text) => {
      const line = `<${level}>${text}`;
      host.observer?.log?.(line);
      host.log(line);
    },
    logPacket: (packet, state, prefix) => {
      const place = state ?? NOWHERE;
      host.services.log(5, formatPacketLog(packet, place, prefix, DEFAULT_LOG, host.services));
    },
    attach: (answer, about) => host.conntrack.attach(answer, about),
    addressType: (family: Family, bytes: Uint8Array, offset: number, device: number) =>
      family === 4
        ? host.routing4.addressType(
            (bytes[offset]! << 24) |
              (bytes[offset + 1]! << 16) |
              (bytes[offset + 2]! << 8) |
              bytes[offset + 3]!,
            device,
          )
        : host.routing6.addressType(bytes, offset, device),
    broadcastMask: (device, address) => {
      const { addresses4 } = host.interfaces.byIndex(device) ?? { addresses4: [] };
      const found = addresses4.find(({ secondary, broadcast }) => !secondary && broadcast === address);
      return found ? prefixMask4(found.prefixLength) : 0;
    },
    reversePath: reversePath(host),
    sendLocal: (packet) => (packet.family === 4 ? host.ipv4.sendLocal(packet) : host.ipv6.sendLocal(packet)),
    sendIcmpError: (packet, type, code, info) =>
      packet.family === 4
        ? host.ipv4.sendIcmpError(packet, type, code, info)
        : host.ipv6.sendIcmpError(packet, type, code, info),
    reroute: (packet) => (packet.family === 4 ? host.ipv4.reroute(packet) : host.ipv6.reroute(packet)),
    sourceAddress: (packet, device) => masqueradeAddress(host, packet, device),
    ownAddress: (packet, device) => redirectAddress(host, packet, device),
    minutesWest: () => host.minutesWest,
    cpu: () => host.cpu,
    proxyAddress: (family, device) => proxyAddress(host, family, device),
    get sockets() {
      return host.sockets;
    },
    defragment: (family) => host.defrag.acquire(family),
    logGroups: host.logGroups,
    duplicate: duplicator(host),
    bothWaysMtu: (packet) => bothWaysMtu(host, packet),
    replyMark: (family, mark) => (host.sysctl.number(`net/ipv${family}/fwmark_reflect`) !== 0 ? mark : 0),
    hopLimit: (family) =>
      family === 4
        ? host.sysctl.number('net/ipv4/ip_default_ttl')
        : host.sysctl.number('net/ipv6/conf/all/hop_limit'),
    acquire: () => host.pool.acquire(),
    release: (packet: Packet) => host.pool.release(packet),
  };
}

/** A fixed sequence of unsigned 32-bit numbers (xoshiro128**, Blackman and Vigna 2018), so that every run is the same. */
function sequence(seed: number): () => number {
  let a = seed >>> 0;
  // splitmix32 spreads the seed over the state.
  const next = (): number => {
    a = (a + 0x9e3779b9) | 0;
    let z = a;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  const state = [next(), next(), next(), next() | 1];
  const turn = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  return () => {
    const [s0, s1, s2, s3] = state as [number, number, number, number];
    const result = Math.imul(turn(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    const c = s2 ^ s0;
    const d = s3 ^ s1;
    state[1] = s1 ^ c;
    state[0] = s0 ^ d;
    state[2] = c ^ shifted;
    state[3] = turn(d, 11);
    return result;
  };
}
