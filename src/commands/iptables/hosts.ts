import type { Family } from '../../netfilter/constants.ts';
import {
  type Address,
  ANY,
  FULL_MASK,
  isZero,
  masked,
  parseAton,
  parseDotted,
  parseIpv6,
  prefixMask,
} from '../../xtables/address.ts';
import type { Names } from '../../xtables/names.ts';
import { Problem } from '../../xtables/problem.ts';
import { unsigned } from '../../xtables/values.ts';

/** An address with its mask. */
export interface Network {
  readonly address: Address;
  readonly mask: Address;
}

/** What a rule without `-s` or `-d` has. */
export const ANY_NETWORKS: Readonly<Record<Family, readonly Network[]>> = {
  4: [{ address: ANY[4], mask: ANY[4] }],
  6: [{ address: ANY[6], mask: ANY[6] }],
};

function parseMask(text: string, family: Family): Address {
  const written = family === 4 ? parseDotted(text, true) : parseIpv6(text);
  if (written) return written;
  const bits = unsigned(text, 0, family === 4 ? 32 : 128);
  if (bits === undefined) throw new Problem(`invalid mask \`${text}' specified`);
  return prefixMask(family, bits);
}

/** Addresses of a name or a written address (ipparse_hostnetwork, ip6parse_hostnetwork). */
function parseHost(text: string, family: Family, names: Names): readonly Address[] {
  if (family === 4) {
    const written = parseDotted(text) ?? names.networkAddress(text);
    if (written) return [written];
  }
  const plain = family === 4 ? parseAton(text) : parseIpv6(text);
  const addresses = plain ? [plain] : names.hostAddresses(text, family);
  if (addresses.length === 0) throw new Problem(`host/network \`${text}' not found`);
  return addresses;
}

/**
 * What `-s` and `-d` take: addresses, networks and names between commas, each with a mask if `/` follows
 * (xtables_ipparse_multiple).
 */
export function parseNetworks(list: string, family: Family, names: Names): readonly Network[] {
  const networks: Network[] = [];
  for (const part of list.split(',')) {
    const text = part.replace(/^[ \t\n\v\f\r]+/, '');
    if (text.length > 255) throw new Problem('Hostname too long');
    const slash = text.lastIndexOf('/');
    const mask = slash < 0 ? FULL_MASK[family] : parseMask(text.slice(slash + 1), family);
    // With an empty mask the name does not matter and is not looked at.
    const addresses = isZero(mask)
      ? [ANY[family]]
      : parseHost(slash < 0 ? text : text.slice(0, slash), family, names);
    for (const address of addresses) networks.push({ address: masked(address, mask), mask });
  }
  return networks;
}
