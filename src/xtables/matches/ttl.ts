import { hopsMatch } from '../hops.ts';

export const ttl = hopsMatch({
  name: 'ttl',
  family: 4,
  alias: 'ttl',
  field: 'ip.ttl',
  summary: 'time to live of an IPv4 packet',
  missing: "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
});
