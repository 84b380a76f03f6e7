import type { Family } from '../netfilter/constants.ts';
import { type Address, formatAddress, parseDotted, parseIpv6 } from './address.ts';
import { GROUPS, NETWORKS, PROTOCOLS, SERVICES, USERS } from './name-tables.ts';

/** The texts that names are looked up in, in the form of the files in /etc. */
export interface NameTexts {
  readonly services?: string;
  readonly protocols?: string;
  readonly networks?: string;
  /** `127.0.0.1 localhost` */
  readonly hosts?: string;
  /** `root:x:0:0:…`, as in /etc/passwd; or `root 0`. */
  readonly users?: string;
  readonly groups?: string;
  /** `3 voip`, as in /etc/xtables/connlabel.conf; left out if there is no such file. */
  readonly connlabels?: string;
}

const FRESH: Required<Omit<NameTexts, 'connlabels'>> = {
  services: SERVICES,
  protocols: PROTOCOLS,
  networks: NETWORKS,
  hosts: '127.0.0.1 localhost',
  users: USERS,
  groups: GROUPS,
};

/**
 * Where names are looked up: what /etc/services, /etc/protocols, /etc/passwd, /etc/group, /etc/hosts and /etc/networks say
 * on the host. Without texts it is what a fresh host has.
 */
export class Names {
  readonly #servicePorts = new Map<string, number>();
  readonly #serviceNames = new Map<string, string>();
  readonly #protocolNumbers = new Map<string, number>();
  readonly #protocolNames = new Map<number, string>();
  readonly #hostAddresses = new Map<string, Address[]>();
  readonly #hostNames = new Map<string, string>();
  readonly #networkAddresses = new Map<string, Address>();
  readonly #networkNames = new Map<string, string>();
  readonly #users: Ids;
  readonly #groups: Ids;
  /** Labels of connections by name and by number; undefined if there is no file of them. */
  readonly connectionLabels: LabelNames | undefined;

  constructor(texts: NameTexts = {}) {
    const all = { ...FRESH, ...texts };
    for (const [name, port, ...aliases] of rows(all.services)) this.#addService(name!, port!, aliases);
    for (const [name, number, ...aliases] of rows(all.protocols)) {
      for (const known of [name!, ...aliases]) setFirst(this.#protocolNumbers, known, Number(number));
      setFirst(this.#protocolNames, Number(number), name!);
    }
    for (const [text, name, ...aliases] of rows(all.hosts)) {
      const address = text!.includes(':') ? parseIpv6(text!) : parseDotted(text!);
      if (address === undefined) continue;
      for (const known of [name!, ...aliases]) {
        const list = this.#hostAddresses.get(known.toLowerCase()) ?? [];
        list.push(address);
        this.#hostAddresses.set(known.toLowerCase(), list);
      }
      setFirst(this.#hostNames, formatAddress(address), name!);
    }
    for (const [name, text, ...aliases] of rows(all.networks)) {
      const address = parseDotted(text!);
      if (address === undefined) continue;
      for (const known of [name!, ...aliases]) setFirst(this.#networkAddresses, known, address);
      setFirst(this.#networkNames, formatAddress(address), name!);
    }
    this.#users = new Ids(all.users);
    this.#groups = new Ids(all.groups);
    this.connectionLabels = texts.connlabels === undefined ? undefined : readLabels(texts.connlabels);
  }

  #addService(name: string, place: string, aliases: readonly string[]): void {
    const [port, protocol] = place.split('/');
    for (const known of [name, ...aliases]) {
      setFirst(this.#servicePorts, `${known}/${protocol}`, Number(port));
      setFirst(this.#servicePorts, `${known}/`, Number(port));
    }
    setFirst(this.#serviceNames, `${port}/${protocol}`, name);
    setFirst(this.#serviceNames, `${port}/`, name);
  }

  /** Port number of a service (`getservbyname`); protocol `tcp`, `udp`, … or undefined for any. */
  servicePort(name: string, protocol: string | undefined): number | undefined {
    return this.#servicePorts.get(`${name}/${protocol ?? ''}`);
  }

  /** Name of a port (`getservbyport`). */
  serviceName(port: number, protocol: string | undefined): string | undefined {
    return this.#serviceNames.get(`${port}/${protocol ?? ''}`);
  }

  /** Number of a protocol by name or alias (`getprotobyname`). */
  protocolNumber(name: string): number | undefined {
    return this.#protocolNumbers.get(name);
  }

  /** First name of a protocol number (`getprotobynumber`). */
  protocolName(number: number): string | undefined {
    return this.#protocolNames.get(number);
  }

  userId(name: string): number | undefined {
    return this.#users.byName.get(name);
  }

  userName(id: number): string | undefined {
    return this.#users.byId.get(id);
  }

  groupId(name: string): number | undefined {
    return this.#groups.byName.get(name);
  }

  groupName(id: number): string | undefined {
    return this.#groups.byId.get(id);
  }

  /** Addresses of a host name, in the order of the database. */
  hostAddresses(name: string, family: Family): readonly Address[] {
    const words = family === 4 ? 1 : 4;
    return (this.#hostAddresses.get(name.toLowerCase()) ?? []).filter((address) => address.length === words);
  }

  /** Name of an address (`gethostbyaddr`). */
  hostName(address: Address): string | undefined {
    return this.#hostNames.get(formatAddress(address));
  }

  /** Address of a network name (`getnetbyname`); IPv4 only. */
  networkAddress(name: string): Address | undefined {
    return this.#networkAddresses.get(name);
  }

  /** Name of a network (`getnetbyaddr`). */
  networkName(address: Address): string | undefined {
    return this.#networkNames.get(formatAddress(address));
  }
}

let fresh: Names | undefined;

/** The names of a fresh host: one object for all, since it never changes. */
export function freshNames(): Names {
  fresh ??= new Names();
  return fresh;
}

/** Users or groups: lines of `name:x:number:…` or `name number`. */
class Ids {
  readonly byName = new Map<string, number>();
  readonly byId = new Map<number, string>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const parts = line.includes(':') ? line.split(':') : line.trim().split(/\s+/);
      const number = line.includes(':') ? parts[2] : parts[1];
      if (!parts[0] || number === undefined || !/^[0-9]+$/.test(number)) continue;
      setFirst(this.byName, parts[0], Number(number));
      setFirst(this.byId, Number(number), parts[0]);
    }
  }
}

export interface LabelNames {
  readonly byName: ReadonlyMap<string, number>;
  readonly byId: ReadonlyMap<number, string>;
}

/** Lines of a number and a name. Of two names of one number the first is shown, both are known. */
function readLabels(text: string): LabelNames {
  const byName = new Map<string, number>();
  const byId = new Map<number, string>();
  for (const [number, name] of rows(text)) {
    if (!/^[0-9]+$/.test(number!)) continue;
    setFirst(byName, name!, Number(number));
    setFirst(byId, Number(number), name!);
  }
  return { byName, byId };
}

/** Words of each line, without comments and empty lines. */
function* rows(text: string): Generator<string[]> {
  for (const line of text.split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/);
    if (words.length >= 2) yield words;
  }
}

function setFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}
