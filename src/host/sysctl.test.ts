import { describe, expect, test } from 'vitest';
import { runCommand } from '../commands/index.ts';
import { Host } from './host.ts';

function host(): Host {
  const made = new Host();
  made.interfaces.add({ name: 'lan0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1), up: true });
  return made;
}

describe('settings', () => {
  test('may be named with dots or slashes', () => {
    const one = host();
    expect(one.sysctl.set('net/ipv4/conf/lan0/rp_filter', '2')).toBeUndefined();
    expect(one.sysctl.get('net.ipv4.conf.lan0.rp_filter')).toBe('2');
  });

  test('refuse what is not there and what is no number, and then stay as they were', () => {
    const one = host();
    expect(one.sysctl.set('net.ipv4.nosuch', '1')).toBe('ENOENT');
    expect(one.sysctl.set('net.ipv4.ip_forward', 'yes')).toBe('EINVAL');
    expect(one.sysctl.get('net.ipv4.ip_forward')).toBe('0');
  });

  test('ip_forward is forwarding of all, of the default and of every interface', () => {
    const one = host();
    one.sysctl.set('net.ipv4.ip_forward', '1');
    for (const name of ['all', 'default', 'lan0', 'lo']) {
      expect(one.sysctl.get(`net.ipv4.conf.${name}.forwarding`)).toBe('1');
    }
    one.sysctl.set('net.ipv4.conf.lan0.forwarding', '0');
    expect(one.sysctl.get('net.ipv4.ip_forward')).toBe('1');
  });

  test('a default reaches the interfaces that have no value of their own, and new ones', () => {
    const one = host();
    one.interfaces.add({ name: 'wan0', mac: new Uint8Array(6) });
    one.sysctl.set('net.ipv4.conf.lan0.rp_filter', '2');
    one.sysctl.set('net.ipv4.conf.default.rp_filter', '1');
    one.interfaces.add({ name: 'dmz0', mac: new Uint8Array(6) });
    const values = ['lan0', 'wan0', 'dmz0'].map((name) => one.sysctl.get(`net.ipv4.conf.${name}.rp_filter`));
    expect(values).toEqual(['2', '1', '1']);
  });

  test('all and an interface make one value: the larger, either, or both', () => {
    const one = host();
    const lan = one.interfaces.require('lan0');
    one.sysctl.set('net.ipv4.conf.all.rp_filter', '1');
    one.sysctl.set('net.ipv4.conf.lan0.rp_filter', '2');
    expect(lan.rpFilter).toBe(2);
    one.sysctl.set('net.ipv4.conf.all.accept_local', '1');
    expect(lan.acceptLocal).toBe(true);
    one.sysctl.set('net.ipv4.conf.lan0.accept_source_route', '1');
    one.sysctl.set('net.ipv4.conf.all.accept_source_route', '0');
    expect(lan.acceptSourceRoute).toBe(false);
  });

  test('those of an interface go with it', () => {
    const one = host();
    one.interfaces.remove(one.interfaces.require('lan0'));
    expect(one.sysctl.get('net.ipv4.conf.lan0.rp_filter')).toBeUndefined();
    expect(one.sysctl.get('net.ipv4.neigh.lan0.ucast_solicit')).toBeUndefined();
  });
});

// As procps-ng 4.0 answered.
test.each([
  [['net.ipv4.ip_forward'], 0, 'net.ipv4.ip_forward = 0\n', ''],
  [['-n', 'net/ipv4/ip_forward'], 0, '0\n', ''],
  [['net.ipv4.ip_forward=1'], 0, 'net.ipv4.ip_forward = 1\n', ''],
  [['net.ipv4.ip_forward = 1'], 0, 'net.ipv4.ip_forward = 1\n', ''],
  [['-q', '-w', 'net.ipv4.ip_forward=1'], 0, '', ''],
  [['-b', 'net.ipv4.ip_forward'], 0, '0', ''],
  [['net.ipv4.ip_forward=abc'], 1, '', 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n'],
  [['net.ipv4.nosuch'], 1, '', 'sysctl: cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory\n'],
  [['-e', 'net.ipv4.nosuch'], 0, '', ''],
  [['-w', 'net.ipv4.ip_forward'], 1, '', 'sysctl: command line(0): invalid syntax, continuing...\n'],
])('sysctl %j', (words, exit, stdout, stderr) => {
  expect(runCommand(host(), ['sysctl', ...words])).toEqual({ exit, stdout, stderr });
});

test('sysctl -a lists all, and -r those that fit', () => {
  const { stdout } = runCommand(host(), ['sysctl', '-a', '-r', 'lan0\\.rp_filter$']);
  expect(stdout).toBe('net.ipv4.conf.lan0.rp_filter = 0\n');
  expect(runCommand(host(), ['sysctl', '-a']).stdout.split('\n').length).toBeGreaterThan(200);
});
