import type { Address } from '../../balance/address.ts';
import type { Balanced } from '../../balance/connection.ts';
import type { Counters } from '../../balance/counters.ts';
import { type Backend, IPPROTO_TCP, type Service } from '../../balance/service.ts';
import { STATE, STATE_NAMES } from '../../balance/tcp-states.ts';
import type { Host } from '../../host/host.ts';
import { prefixMask4, printIpv4 } from '../../wire/address.ts';
import { Printer } from './names.ts';
import { type OptionName, Refusal } from './options.ts';

const BANNER = 'IP Virtual Server version 1.2.1 (size=4096)\n';
const NAME_WIDTH = 28;

type Options = ReadonlyMap<OptionName, string>;

/** What `ipvsadm -L` prints; of one service without the banner. */
export function listText(host: Host, service: Service | undefined, options: Options): string {
  const views = (['connection', 'timeout'] as const).filter((name) => options.has(name));
  const columns = (['stats', 'rate', 'thresholds', 'persistent-conn'] as const).filter((name) =>
    options.has(name),
  );
  if (views.length + Math.min(columns.length, 1) > 1)
    throw new Refusal('options conflicts in the list command');
  const { balancer } = host;
  if (options.has('timeout')) {
    const { timeouts } = balancer;
    const shown = [STATE.ESTABLISHED, STATE.FIN_WAIT, STATE.UDP].map((state) => timeouts[state]);
    return `Timeout (tcp tcpfin udp): ${shown.join(' ')}\n`;
  }
  const printer = new Printer(host, options.has('numeric'));
  if (options.has('connection')) {
    if (service) {
      throw new Refusal(
        "The option 'service-address' conflicts with the 'connection' option in the 'list' command",
      );
    }
    return connectionsText(host, printer);
  }
  const view = columns[0] ?? 'plain';
  const list = new Listing(printer, view, options.has('exact'), host.timers.now);
  const services = service ? [service] : [...balancer.services];
  if (!options.has('nosort')) services.sort(compareServices);
  const text = services.map((one) => list.service(one, !options.has('nosort'))).join('');
  return `${service ? '' : BANNER}${HEADERS[view]}${text}`;
}

const HEADERS = {
  plain:
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n',
  stats:
    'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n' +
    '  -> RemoteAddress:Port\n',
  rate:
    'Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n' +
    '  -> RemoteAddress:Port\n',
  thresholds:
    'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n',
  'persistent-conn':
    'Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n  -> RemoteAddress:Port\n',
} as const;
type View = keyof typeof HEADERS;

class Listing {
  readonly #printer: Printer;
  readonly #view: View;
  readonly #exact: boolean;
  readonly #now: number;

  constructor(printer: Printer, view: View, exact: boolean, now: number) {
    this.#printer = printer;
    this.#view = view;
    this.#exact = exact;
    this.#now = now;
  }

  service(service: Service, sorted: boolean): string {
    const { address, protocol, port, mark, family } = service;
    const kind = address === undefined ? 'FWM ' : protocol === IPPROTO_TCP ? 'TCP ' : 'UDP ';
    const place = address
      ? this.#printer.endpoint(address, port, protocol)
      : `${mark}${family === 6 ? ' IPv6' : ''}`;
    const name = `${kind} ${place}`;
    const numbers = this.#numbers(service.counters);
    const line = numbers ? name.padEnd(NAME_WIDTH + 5) + numbers : name + schedulerText(service);
    const backends = [...service.backends];
    if (sorted) backends.sort(compareBackends);
    return `${line}\n${backends.map((backend) => this.#backend(backend)).join('')}`;
  }

  #backend(backend: Backend): string {
    const { address, port, service, weight, upper, lower, active, inactive, persistent } = backend;
    const name = `  -> ${this.#printer.endpoint(address, port, service.protocol).padEnd(NAME_WIDTH)}`;
    const numbers = this.#numbers(backend.counters);
    if (numbers) return `${name}${numbers}\n`;
    const connections = `${pad(active, 10)} ${pad(inactive, 10)}\n`;
    if (this.#view === 'thresholds') return `${name} ${pad(upper, 10)} ${pad(lower, 10)} ${connections}`;
    if (this.#view === 'persistent-conn')
      return `${name} ${pad(weight, 9)} ${pad(persistent, 11)} ${connections}`;
    return `${name} ${'Masq'.padEnd(7)} ${pad(weight, 6)} ${connections}`;
  }

  /** The five columns of --stats and --rate; '' of the other views. */
  #numbers(counters: Counters): string {
    if (this.#view !== 'stats' && this.#view !== 'rate') return '';
    if (this.#view === 'rate') counters.estimate(this.#now);
    const from = this.#view === 'rate' ? counters.rates : counters;
    const { connections, inPackets, outPackets, inBytes, outBytes } = from;
    return [connections, inPackets, outPackets, inBytes, outBytes]
      .map((value) => ` ${this.#number(Math.floor(value + 0.5)).padStart(8)}`)
      .join('');
  }

  /** Up to eight digits; more in thousands, millions, … unless --exact. */
  #number(value: number): string {
    if (this.#exact || value < 1e8) return String(value);
    if (value < 1e9) return `${Math.floor(value / 1e3)}K`;
    if (value < 1e11) return `${Math.floor(value / 1e6)}M`;
    if (value < 1e14) return `${Math.floor(value / 1e9)}G`;
    return `${Math.floor(value / 1e12)}T`;
  }
}

function pad(value: number, width: number): string {
  return String(value).padEnd(width);
}

/** ` mh (mh-port) persistent 300 mask 255.255.255.0` */
function schedulerText(service: Service): string {
  const { scheduler, flags, persistence } = service;
  let text = ` ${scheduler.name}`;
  if (flags.size > 0) text += ` (${flagsText(service)})`;
  if (persistence === 0) return text;
  const mask = maskText(service);
  return `${text} persistent ${persistence}${mask ? ` mask ${mask}` : ''}`;
}

function flagsText({ flags }: Service): string {
  return [...flags].sort().join(',');
}

/** '' if the whole address counts. */
function maskText({ family, prefix }: Service): string {
  if (prefix === (family === 4 ? 32 : 128)) return '';
  return family === 4 ? printIpv4(prefixMask4(prefix)) : String(prefix);
}

/** What `ipvsadm -S` prints, and `-R` reads. */
export function saveText(host: Host, numeric: boolean, sorted: boolean): string {
  const printer = new Printer(host, numeric);
  const services = [...host.balancer.services];
  if (sorted) services.sort(compareServices);
  return services.map((service) => saveService(service, printer, sorted)).join('');
}

function saveService(service: Service, printer: Printer, sorted: boolean): string {
  const { address, protocol, port, mark, family, scheduler, persistence, flags } = service;
  const place = address
    ? `${protocol === IPPROTO_TCP ? '-t' : '-u'} ${printer.endpoint(address, port, protocol)}`
    : `-f ${mark}${family === 6 ? ' -6' : ''}`;
  let text = `-A ${place} -s ${scheduler.name}`;
  const mask = maskText(service);
  if (persistence > 0) text += ` -p ${persistence}${mask ? ` -M ${mask}` : ''}`;
  if (flags.size > 0) text += ` -b ${flagsText(service)}`;
  const backends = [...service.backends];
  if (sorted) backends.sort(compareBackends);
  for (const backend of backends) {
    const { weight, upper, lower } = backend;
    text += `\n-a ${place} -r ${printer.endpoint(backend.address, backend.port, protocol)} -m -w ${weight}`;
    if (upper > 0) text += ` -x ${upper}`;
    if (lower > 0) text += ` -y ${lower}`;
  }
  return `${text}\n`;
}

function connectionsText(host: Host, printer: Printer): string {
  let text =
    'IPVS connection entries\npro expire state       source             virtual            destination\n';
  for (const connection of host.balancer.connections()) {
    if (connection.expires > host.timers.now) text += connectionText(connection, printer, host.timers.now);
  }
  return text;
}

function connectionText(
  { original, reply, state, expires }: Balanced,
  printer: Printer,
  now: number,
): string {
  const { family, protocol } = original;
  const kind = protocol === 0 ? 'IP ' : protocol === IPPROTO_TCP ? 'TCP' : 'UDP';
  const seconds = Math.floor((expires - now) / 1e6);
  const time = [Math.floor(seconds / 60), seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  const source: Address = { family, a: original.src0, b: original.src1, c: original.src2, d: original.src3 };
  const virtual: Address = { family, a: original.dst0, b: original.dst1, c: original.dst2, d: original.dst3 };
  const destination: Address = { family, a: reply.src0, b: reply.src1, c: reply.src2, d: reply.src3 };
  const ends = [
    printer.endpoint(source, original.sourcePart, protocol).padEnd(18),
    printer.endpoint(virtual, original.destinationPart, protocol).padEnd(18),
    printer.endpoint(destination, reply.sourcePart, protocol),
  ];
  return `${kind} ${time}  ${STATE_NAMES[state]!.padEnd(11)} ${ends.join(' ')}\n`;
}

/** By mark, family, protocol, address, port. */
function compareServices(one: Service, other: Service): number {
  return (
    one.mark - other.mark ||
    one.family - other.family ||
    one.protocol - other.protocol ||
    (one.address && other.address ? compareAddresses(one.address, other.address) : 0) ||
    one.port - other.port
  );
}

function compareBackends(one: Backend, other: Backend): number {
  return compareAddresses(one.address, other.address) || one.port - other.port;
}

function compareAddresses(x: Address, y: Address): number {
  return (
    (x.a >>> 0) - (y.a >>> 0) ||
    (x.b >>> 0) - (y.b >>> 0) ||
    (x.c >>> 0) - (y.c >>> 0) ||
    (x.d >>> 0) - (y.d >>> 0)
  );
}
