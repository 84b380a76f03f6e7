import { abbreviated, IpProblem } from './arguments.ts';
import type { IpObject } from './object.ts';
import { get } from './route-get.ts';
import { flush, show } from './route-list.ts';
import { modify } from './route-modify.ts';

const COMMANDS = [
  'list',
  'show',
  'lst',
  'get',
  'add',
  'append',
  'change',
  'chg',
  'replace',
  'test',
  'delete',
  'flush',
] as const;

/** `ip route` */
export const route: IpObject = (host, args, options) => {
  const typed = args.more ? args.next() : 'show';
  const command = abbreviated(typed, COMMANDS);
  switch (command) {
    case 'list':
    case 'show':
    case 'lst':
      return show(host, args, options);
    case 'get':
      return get(host, args, options);
    case 'add':
    case 'append':
    case 'replace':
    case 'change':
    case 'delete':
      modify(host, args, options, command);
      return '';
    case 'chg':
      modify(host, args, options, 'change');
      return '';
    case 'flush':
      return flush(host, args, options);
    default:
      throw new IpProblem(`Command "${typed}" is unknown, try "ip route help".\n`, 255);
  }
};
