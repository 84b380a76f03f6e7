import type { Packet } from '../../netfilter/packet.ts';
import type { Host } from '../host.ts';
import type { Address4, Interface } from '../interface.ts';
import { Addresses4 } from './addresses4.ts';
import { Exceptions4 } from './exceptions4.ts';
import type { Fib4, FibResult4 } from './fib4.ts';
import { InputRouting4 } from './input4.ts';
import { KernelRoutes4 } from './kernel-routes4.ts';
import { RouteMaker4 } from './made4.ts';
import { MultipathHash } from './multipath.ts';
import { OutputRouting4 } from './output4.ts';
import type { FibEntry4, Flow4, NextHop4, Route4 } from './route4.ts';
import type { PolicyRules } from './rules.ts';
import { SourceCheck4 } from './source-check4.ts';
import { Tables4 } from './tables4.ts';

/** IPv4 routing: tables, rules, and the questions that the path asks. */
export class Routing4 {
  /** Path MTUs and redirects that were learned. */
  readonly exceptions: Exceptions4;
  readonly #tables: Tables4;
  readonly #addresses: Addresses4;
  readonly #kernel: KernelRoutes4;
  readonly #input: InputRouting4;
  readonly #output: OutputRouting4;

  constructor(host: Host) {
    const { interfaces } = host;
    const make = new RouteMaker4(host);
    const hash = new MultipathHash(host);
    this.exceptions = new Exceptions4(host.timers);
    this.#tables = new Tables4((index) => interfaces.nameOf(index));
    this.#addresses = new Addresses4(interfaces, this.#tables);
    this.#kernel = new KernelRoutes4(interfaces, this.#tables);
    const check = new SourceCheck4(this.#tables, this.#addresses);
    this.#input = new InputRouting4(host, this.#tables, check, this.exceptions, make, hash);
    this.#output = new OutputRouting4(host, this.#tables, this.#addresses, this.exceptions, make, hash);
  }

  get rules(): PolicyRules {
    return this.#tables.rules;
  }

  /** See {@link Tables4.generation}. */
  get generation(): number {
    return this.#tables.generation;
  }

  /** A table, made if it is not there yet. */
  table(id: number): Fib4 {
    return this.#tables.table(id);
  }

  /** Tables that exist, by number. */
  tables(): readonly Fib4[] {
    return this.#tables.tables();
  }

  /** Adds a route that was checked; `append` puts it behind those of the same metric. */
  insert(entry: FibEntry4, append = false): void {
    this.#tables.insert(entry, append);
  }

  /** See {@link Tables4.replace}. */
  replace(old: FibEntry4, entry: FibEntry4): void {
    this.#tables.replace(old, entry);
  }

  remove(entry: FibEntry4): void {
    this.#tables.remove(entry);
  }

  /** See {@link Tables4.lookup}. */
  lookup(flow: Flow4, result: FibResult4): number {
    return this.#tables.lookup(flow, result);
  }

  /** See {@link InputRouting4.input}. */
  input(packet: Packet): Route4 | undefined {
    return this.#input.input(packet);
  }

  /** See {@link InputRouting4.probe}. */
  probe(source: number, destination: number, device: Interface): Route4 | undefined {
    return this.#input.probe(source, destination, device);
  }

  /** See {@link OutputRouting4.output}. */
  output(flow: Flow4): Route4 | number {
    return this.#output.output(flow);
  }

  /** See {@link Addresses4.preferredSource}. */
  preferredSource(entry: FibEntry4, hop: NextHop4): number {
    return this.#addresses.preferredSource(entry, hop);
  }

  /** See {@link Addresses4.sourceAddress}. */
  sourceAddress(device: number, destination: number, scope: number): number {
    return this.#addresses.sourceAddress(device, destination, scope);
  }

  /** See {@link Addresses4.deviceOf}. */
  deviceOf(address: number): Interface | undefined {
    return this.#addresses.deviceOf(address);
  }

  /** See {@link Addresses4.addressType}. */
  addressType(address: number, device = 0): number {
    return this.#addresses.addressType(address, device);
  }

  addressAdded(device: Interface, added: Address4): void {
    this.#kernel.addressAdded(device, added);
  }

  addressRemoved(device: Interface, removed: Address4): void {
    this.#kernel.addressRemoved(device, removed);
  }

  deviceUp(device: Interface): void {
    this.#kernel.deviceUp(device);
  }

  deviceDown(device: Interface): void {
    this.#kernel.deviceDown(device);
  }
}
