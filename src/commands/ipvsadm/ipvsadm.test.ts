import { describe, expect, it } from 'vitest';
import { Bench } from '../../balance/balancer.fixture.ts';
import { runCommand } from '../index.ts';

/** Answers what was printed, or `status: error`. */
function on(bench: Bench): (line: string, stdin?: string) => string {
  return (line, stdin = '') => {
    const { exit, stdout, stderr } = runCommand(bench.host, `ipvsadm ${line}`.split(' '), stdin);
    return exit === 0 ? stdout : `${stdout}${exit}: ${stderr}`;
  };
}

const RULES = `-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 0
-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3 -x 100 -y 10
-A -u 192.0.2.1:53 -s mh -p 300 -M 255.255.255.0 -b mh-fallback
-A -t [2001:db8::1]:80 -s sh -p 60 -M 64
-a -t [2001:db8::1]:80 -r [fd00::1]:81 -m -w 1
-A -f 7 -s rr -p 600
-a -f 7 -r 10.0.0.2:8080 -m -w 3
-A -f 7 -6 -s rr
`;

describe('ipvsadm', () => {
  it('restores what it saves', () => {
    const ipvsadm = on(new Bench());
    expect(ipvsadm('-R', RULES)).toBe('');
    expect(ipvsadm('-S -n')).toBe(RULES);
    expect(ipvsadm('-C')).toBe('');
    expect(ipvsadm('-Sn')).toBe('');
  });

  // The expected lists are what ipvsadm 1.31 printed for the same services.
  it('lists as the real one', () => {
    const bench = new Bench();
    const ipvsadm = on(bench);
    ipvsadm('-R', RULES.split('\n').slice(0, 4).join('\n'));
    bench.receive('wan0', 'tcp 198.51.100.7:40000 > 192.0.2.1:80 syn');
    expect(ipvsadm('-Ln')).toBe(
      'IP Virtual Server version 1.2.1 (size=4096)\n' +
        'Prot LocalAddress:Port Scheduler Flags\n' +
        '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n' +
        'TCP  192.0.2.1:80 wlc\n' +
        '  -> 10.0.0.1:80                  Masq    0      0          0         \n' +
        '  -> 10.0.0.2:8080                Masq    3      1          0         \n' +
        'UDP  192.0.2.1:53 mh (mh-fallback) persistent 300 mask 255.255.255.0\n',
    );
    expect(ipvsadm('-L -t 192.0.2.1:http --thresholds')).toBe(
      'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n' +
        '  -> RemoteAddress:Port\n' +
        'TCP  192.0.2.1:http wlc\n' +
        '  -> 10.0.0.1:http                0          0          0          0         \n' +
        '  -> 10.0.0.2:http-alt            100        10         1          0         \n',
    );
    expect(ipvsadm('-Lnc')).toBe(
      'IPVS connection entries\n' +
        'pro expire state       source             virtual            destination\n' +
        'TCP 01:00  SYN_RECV    198.51.100.7:40000 192.0.2.1:80       10.0.0.2:8080\n',
    );
    const stats = (bytes: string) =>
      'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n' +
      '  -> RemoteAddress:Port\n' +
      `TCP  192.0.2.1:80                        1        1        0       40 ${bytes}\n`;
    const { counters } = bench.host.balancer.services[0]!;
    for (const [value, shown] of [
      [99999999, '99999999'],
      [999999999, ' 999999K'],
      [1e9, '   1000M'],
      [123456789012, '    123G'],
      [9998e12, '   9998T'],
    ] as const) {
      counters.outBytes = value;
      expect(ipvsadm('-Ln -t 192.0.2.1:80 --stats')).toContain(stats(shown));
    }
    expect(ipvsadm('-Ln --stats --exact')).toContain(' 9998000000000000');
    expect(ipvsadm('-Z')).toBe('');
    expect(counters.outBytes).toBe(0);
    expect(ipvsadm('--set 0 60 0')).toBe('');
    expect(ipvsadm('-L --timeout')).toBe('Timeout (tcp tcpfin udp): 900 60 300\n');
  });

  it('edits and deletes', () => {
    const ipvsadm = on(new Bench());
    ipvsadm('-R', RULES);
    expect(ipvsadm('-e -t 192.0.2.1:80 -r 10.0.0.1 -m -w 9')).toBe('');
    expect(ipvsadm('-E -t 192.0.2.1:80 -s rr')).toBe('');
    expect(ipvsadm('-d -t 192.0.2.1:80 -r 10.0.0.2:8080')).toBe('');
    expect(ipvsadm('-D -f 7 -6')).toBe('');
    expect(ipvsadm('-Sn')).toContain(
      '-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 9\n-A -u',
    );
  });

  it.each([
    ['-A', "2: You need to supply the 'service-address' option for the 'add-service' command\n"],
    ['-A -t 1.2.3.4', '2: Zero port specified for non-persistent service\n'],
    ['-A -t 1.2.3.4:80 -p 0', "2: invalid timeout value `0' specified\n"],
    ['-A -t 1.2.3.4:99999', '2: illegal virtual server address[:port] specified\n'],
    ['-A -t 1.2.3.4:80 -w 3', "2: Illegal 'weight' option with the 'add-service' command\n"],
    ['-A -t 1.2.3.4:80 -u 1.2.3.4:80', "2: multiple 'service-address' options specified\n"],
    ['-A -f 0', "2: invalid fwmark value `0' specified\n"],
    ['-A -6 -f 3', '2: -6 used before -f\n\n'],
    ['-A -t [2001:db8::1]:80 -p -M 200', '2: illegal ipv6 netmask specified\n'],
    ['-a -t 192.0.2.1:80 -r 10.0.0.1 -w x', '2: illegal weight specified\n'],
    ['-a -t 192.0.2.1:80 -r 10.0.0.1 -m -x -1', '2: illegal u_threshold specified\n'],
    [
      '-a -t 192.0.2.1:80 -r [fd00::1]:81 -m',
      '2: Different address family is allowed only for tunneling servers\n',
    ],
    ['-a -t 192.0.2.1:80 -r 10.0.0.1 -m', '255: Destination already exists\n'],
    ['-a -t 1.2.3.4:80 -r 10.0.0.1 -m', '255: Service not defined\n'],
    ['-e -t 192.0.2.1:80 -r 10.0.0.9 -m', '255: No such destination\n'],
    ['-A -t 192.0.2.1:80', '255: Service already exists\n'],
    ['-E -t 1.2.3.4:80', '255: No such service\n'],
    ['-A -t 1.2.3.4:80 -s foo', '255: Scheduler or persistence engine not found\n'],
    ['-A -t 1.2.3.4:80 -b sh-port', "2: incompatible scheduler flag `sh-port'\n"],
    ['-A -D', "2: invalid option `-D'\n"],
    ['-A -t 1.2.3.4:80 foo', '2: unexpected argument foo\n'],
    ['-A -t', '255: -t: missing argument\n'],
    ['-L --rat', '255: --rat: unknown option\n'],
    ['-Q', "255: Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n"],
    ['-Lc --stats', '2: options conflicts in the list command\n'],
    ['-L -t 1.2.3.4:5', '1: No such service\n'],
    ['--set 1 2', '2: --set option requires 3 timeout values\n'],
    [
      '-a -t 192.0.2.1:80 -r 10.0.0.7 -i',
      "1: not supported yet: ipvsadm forwarding method 'ipip' (only -m, masquerading)\n",
    ],
    ['-A -t 1.2.3.4:80 -s sed', "1: not supported yet: ipvsadm scheduler 'sed'\n"],
    ['--start-daemon master', '1: not supported yet: ipvsadm --start-daemon (connection synchronisation)\n'],
  ])('%s', (line, answer) => {
    const ipvsadm = on(new Bench());
    ipvsadm('-R', RULES);
    expect(ipvsadm(line)).toBe(answer);
    expect(ipvsadm('-Sn')).toBe(RULES);
  });
});
