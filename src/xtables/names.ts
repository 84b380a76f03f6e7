/**
 * Where names are looked up: what /etc/services, /etc/protocols, /etc/passwd, /etc/group, /etc/hosts and
 * /etc/networks say on the host. A host may replace its database; `defaultNames()` is a fresh machine's.
 */
export interface Names {
  /** Port number of a service (`getservbyname`); protocol `tcp`, `udp`, … or undefined for any. */
  servicePort(name: string, protocol: string | undefined): number | undefined;
  /** Name of a port (`getservbyport`). */
  serviceName(port: number, protocol: string | undefined): string | undefined;
  /** Number of a protocol by name or alias (`getprotobyname`). */
  protocolNumber(name: string): number | undefined;
  /** First name of a protocol number (`getprotobynumber`). */
  protocolName(number: number): string | undefined;
  /** `getpwnam`, `getpwuid`, `getgrnam`, `getgrgid`. */
  userId(name: string): number | undefined;
  userName(id: number): string | undefined;
  groupId(name: string): number | undefined;
  groupName(id: number): string | undefined;
  /** Addresses of a host name, in the order of the database: IPv4 as 4 bytes, IPv6 as 16. */
  hostAddresses(name: string, family: 4 | 6): readonly Uint8Array[];
  /** Name of an address (`gethostbyaddr`). */
  hostName(address: Uint8Array): string | undefined;
  /** Address of a network name (`getnetbyname`), 4 bytes. */
  networkAddress(name: string): Uint8Array | undefined;
  /** Name of a network (`getnetbyaddr`). */
  networkName(address: Uint8Array): string | undefined;
}
