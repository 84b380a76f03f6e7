import { hopTarget } from '../hop-target.ts';

export const TTL = hopTarget({
  name: 'TTL',
  family: 4,
  summary: 'changes the time to live of an IPv4 packet',
});
