import { expect, test } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import { runLine } from '../shell.ts';

/** The text was recorded from Linux 6.18 after the same commands. */
test('/proc/net/nf_conntrack', () => {
  const host = freshHost();
  runLine(host, 'sysctl -w net.netfilter.nf_conntrack_acct=1');
  runLine(host, 'conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1000 --dport 80 -t 99 -m 1');
  expect(runLine(host, 'cat /proc/net/nf_conntrack')?.stdout).toBe(
    'ipv4     2 udp      17 99 src=192.0.2.1 dst=192.0.2.2 sport=1000 dport=80 packets=0 bytes=0 [UNREPLIED] ' +
      'src=192.0.2.2 dst=192.0.2.1 sport=80 dport=1000 packets=0 bytes=0 mark=1 zone=0 use=2\n',
  );
});
