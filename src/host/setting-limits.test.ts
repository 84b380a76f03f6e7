import { expect, test } from 'vitest';
import { freshHost } from '../formats/build-host.ts';

/** Written values and what Linux 6.18 said to them. */
test.each([
  ['net.ipv4.ip_default_ttl', '0', 'EINVAL', '64'],
  ['net.ipv4.ip_default_ttl', '255', undefined, '255'],
  ['net.ipv4.ip_default_ttl', '256', 'EINVAL', '64'],
  ['net.ipv4.icmp_echo_ignore_all', '2', 'EINVAL', '0'],
  ['net.ipv4.fwmark_reflect', '255', undefined, '255'],
  ['net.ipv4.icmp_ratelimit', '1', undefined, '4'],
  ['net.ipv4.icmp_ratelimit', '255', undefined, '256'],
  ['net.ipv4.icmp_ratelimit', '-1', 'EINVAL', '1000'],
  ['net.ipv4.ipfrag_high_thresh', '100', 'EINVAL', '4194304'],
  ['net.ipv4.igmp_qrv', '0', 'EINVAL', '2'],
  ['net.core.somaxconn', '-1', 'EINVAL', '4096'],
  ['net.core.rmem_max', '1', 'EACCES', '4194304'],
  ['net.ipv4.tcp_available_congestion_control', 'reno', 'EACCES', 'reno bbr cubic'],
  ['net.ipv4.tcp_wmem', '1 2 3', undefined, '1\t2\t3'],
  ['net.ipv4.nosuch', '1', 'ENOENT', undefined],
])('%s = %s', (name, text, error, after) => {
  const { sysctl } = freshHost();
  expect(sysctl.set(name, text)).toBe(error);
  expect(sysctl.get(name)).toBe(after);
});
