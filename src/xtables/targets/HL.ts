import { hopTarget } from '../hop-target.ts';

export const HL = hopTarget({ name: 'HL', family: 6, summary: 'changes the hop limit of an IPv6 packet' });
