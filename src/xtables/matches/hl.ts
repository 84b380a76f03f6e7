import { hopsMatch } from '../hops.ts';

export const hl = hopsMatch({
  name: 'hl',
  family: 6,
  field: 'ip.ttl',
  summary: 'hop limit of an IPv6 packet',
  missing: "HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'",
});
