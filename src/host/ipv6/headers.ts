export * from '../../wire/ipv6.ts';
