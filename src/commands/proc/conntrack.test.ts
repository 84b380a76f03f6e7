import { expect, test } from 'vitest';
import { Expectation } from '../../conntrack/expectations.ts';
import { ConnectionHelper } from '../../conntrack/helper.ts';
import { freshHost } from '../../formats/build-host.ts';
import { bench } from '../../xtables/extension.fixture.ts';
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

/** A line of the form that Linux 6.18 writes: `299 l3proto = 2 proto=6 src=… dst=… sport=0 dport=4000 ftp`. */
test('/proc/net/nf_conntrack_expect', () => {
  const { host, receive } = bench();
  host.conntrack.acquire(4);
  const file = () => runLine(host, 'cat /proc/net/nf_conntrack_expect')?.stdout;
  expect(file()).toBe('');
  receive('udp 192.0.2.10:40000 > 203.0.113.9:69');
  const [master] = host.conntrack.connections();
  master!.help = new ConnectionHelper(host.conntrack.helpers.find('tftp', 4, 17));
  const expectation = new Expectation(master!).to(master!.reply, 17, 40000).from(master!.reply);
  host.conntrack.expectations.insert(expectation);
  expect(file()).toBe('300 l3proto = 2 proto=17 src=203.0.113.9 dst=192.0.2.10 sport=0 dport=40000 tftp\n');
});
