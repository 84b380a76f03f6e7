/** The two families, named by their IP version. */
export const IPV4 = 4;
export const IPV6 = 6;
export type Family = typeof IPV4 | typeof IPV6;

/** The five hooks, with the kernel's numbers (include/uapi/linux/netfilter.h). */
export const PREROUTING = 0;
export const INPUT = 1;
export const FORWARD = 2;
export const OUTPUT = 3;
export const POSTROUTING = 4;
export type Hook = 0 | 1 | 2 | 3 | 4;
export const HOOK_NAMES = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** Priorities at which the kernel's own functions register (include/uapi/linux/netfilter_ipv4.h). */
export const PRIORITY = {
  DEFRAG: -400,
  RAW: -300,
  CONNTRACK: -200,
  MANGLE: -150,
  NAT_DST: -100,
  FILTER: 0,
  SECURITY: 50,
  NAT_SRC: 100,
  CONNTRACK_HELPER: 300,
  CONNTRACK_CONFIRM: 0x7fffffff,
} as const;

/** How a frame reached the host (include/uapi/linux/if_packet.h). */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_LOOPBACK = 5;

/** Error numbers that the path gives to local senders and commands (asm-generic/errno.h). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ERANGE: 34,
  ELOOP: 40,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
} as const;
export type ErrnoName = keyof typeof ERRNO;
