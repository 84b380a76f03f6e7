import { OUTPUT, PREROUTING } from '../../netfilter/constants.ts';
import { prefixTarget } from '../prefix-target.ts';

export const DNPT = prefixTarget({
  name: 'DNPT',
  summary: 'translates the prefix of IPv6 destinations, host by host',
  source: 'net/ipv6/netfilter/ip6t_NPT.c ip6t_dnpt_tg',
  hooks: [PREROUTING, OUTPUT],
  destination: true,
});
