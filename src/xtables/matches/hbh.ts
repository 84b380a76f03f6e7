import { IPPROTO_HOPOPTS } from '../../wire/protocols.ts';
import { optionsMatch } from '../options6.ts';

export const hbh = optionsMatch({
  name: 'hbh',
  kind: IPPROTO_HOPOPTS,
  title: 'hop-by-hop options header',
  padHasNoLength: 'PAD0 has not got length',
});
