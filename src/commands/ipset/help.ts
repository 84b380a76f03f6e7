import { SET_TYPES, type SetType, setType } from '../../ipset/types.ts';
import { misuse } from './problem.ts';

const GENERAL = `ipset v7.17

Usage: ipset [options] COMMAND

Commands:
create SETNAME TYPENAME [options]   makes an empty set
add SETNAME ENTRY [options]         puts an element into a set
del SETNAME ENTRY                   takes an element out of a set
test SETNAME ENTRY                  says whether an element is in a set
destroy [SETNAME]                   removes a set, or all of them
list [SETNAME]                      shows a set, or all of them
save [SETNAME]                      writes sets in the form that restore reads
restore                             reads commands, one a line
flush [SETNAME]                     empties a set, or all of them
rename FROM TO                      gives a set another name
swap ONE OTHER                      exchanges what two sets hold
help [TYPENAME]                     this text, and what is special about a type
version                             the version
quit                                ends the interactive mode, which ipset - begins

Options:
-o plain|save|xml   the form in which sets are shown
-s                  members in order
-q                  no warnings and no errors
-r                  names instead of addresses; there are none here
-!                  what exists already, or no longer, is no error
-n                  only the names of sets
-t                  only the headers of sets
-f FILE             reads from a file, or writes to it
`;

const PARTS = {
  ip: 'IP',
  net: 'IP[/CIDR]',
  port: '[PROTO:]PORT',
  mac: 'MAC',
  iface: '[physdev:]IFACE',
  mark: 'MARK',
};

/** What `help` says, about a type if one is named. @throws {IpsetProblem} */
export function helpText(name: string | undefined): { readonly text: string; readonly problem?: Error } {
  if (name === undefined) {
    const types = SET_TYPES.map((type) => `    ${type.name.padEnd(20)}${type.revision}\n`);
    return { text: `${GENERAL}\nSet types, and their revisions:\n${types.join('')}` };
  }
  const type = setType(name);
  if (!type) return { text: GENERAL, problem: misuse(`Unknown settype: \`${name}'`) };
  return { text: `${GENERAL}\n${typeText(type)}` };
}

function typeText({ name, parts, options, method }: SetType): string {
  const element = method === 'list' ? 'NAME [before|after NAME]' : parts.map((part) => PARTS[part]).join(',');
  const families = options.includes('family')
    ? 'IPv4 and IPv6'
    : parts.includes('ip')
      ? 'IPv4'
      : 'any family';
  return `Options of type ${name}:\n    ${options.join(', ')}\nElements: ${element}\nAddresses: ${families}\n`;
}
