import { describe, expect, it } from 'vitest';
import { formatAddress } from './address.ts';
import { Names } from './names.ts';

describe("a fresh host's names", () => {
  const names = new Names();

  it('has services by name, alias and number', () => {
    expect(names.servicePort('http', 'tcp')).toBe(80);
    expect(names.servicePort('www', 'tcp')).toBe(80);
    expect(names.servicePort('ssh', 'udp')).toBeUndefined();
    expect(names.serviceName(53, 'udp')).toBe('domain');
    expect(names.serviceName(22, undefined)).toBe('ssh');
  });

  it('has protocols, networks, the local host and two users', () => {
    expect(names.protocolNumber('ipv6-icmp')).toBe(58);
    expect(names.protocolName(0)).toBe('ip');
    expect(formatAddress(names.networkAddress('loopback')!)).toBe('127.0.0.0');
    expect(names.hostAddresses('localhost', 4).map(formatAddress)).toEqual(['127.0.0.1']);
    expect(names.hostAddresses('localhost', 6)).toEqual([]);
    expect([names.userId('daemon'), names.groupName(0)]).toEqual([1, 'root']);
  });
});

it('takes the texts of a host, comments and passwd lines included', () => {
  const names = new Names({
    hosts: '# mine\n2001:db8::1 web www # the server\n192.0.2.1 web',
    users: 'alice:x:1000:1000::/home/alice:/bin/sh',
    services: 'backup 4000/tcp bk',
  });
  expect(names.hostAddresses('WEB', 4).map(formatAddress)).toEqual(['192.0.2.1']);
  expect(names.hostAddresses('www', 6).map(formatAddress)).toEqual(['2001:db8::1']);
  expect(names.hostName([-1073741311])).toBe('web');
  expect(names.userId('alice')).toBe(1000);
  expect(names.servicePort('bk', 'tcp')).toBe(4000);
  expect(names.servicePort('http', 'tcp')).toBeUndefined();
});
