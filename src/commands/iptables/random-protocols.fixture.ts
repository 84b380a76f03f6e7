/** `tcp` rather than 6: what people write. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
  132: 'sctp',
};

export function protocolText(protocol: number): string {
  return NAMES[protocol] ?? String(protocol);
}
