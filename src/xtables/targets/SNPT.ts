import { INPUT, POSTROUTING } from '../../netfilter/constants.ts';
import { prefixTarget } from '../prefix-target.ts';

export const SNPT = prefixTarget({
  name: 'SNPT',
  summary: 'translates the prefix of IPv6 sources, host by host',
  source: 'net/ipv6/netfilter/ip6t_NPT.c ip6t_snpt_tg',
  hooks: [INPUT, POSTROUTING],
  destination: false,
});
