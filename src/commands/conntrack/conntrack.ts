import type { Connection } from '../../conntrack/connection.ts';
import { expectationLine } from '../../conntrack/text.ts';
import type { Host } from '../../host/host.ts';
import type { Command, CommandResult } from '../command.ts';
import { createEntry, findEntry, findExpectation, updateEntry, wouldChange } from './change.ts';
import { takeEvents } from './event-log.ts';
import { fits } from './filter.ts';
import { entryText, textParts } from './print.ts';
import { ConntrackProblem, failed, PROGRAM, wrong } from './problem.ts';
import { type Request, readRequest } from './request.ts';
import { usage } from './usage.ts';

const XML = '<?xml version="1.0" encoding="utf-8"?>\n';

/** `conntrack`: lists and changes the connections of the host, as conntrack-tools 1.4.7 does. */
export const conntrack: Command = (host, argv) => new Run(host).run(argv);

/** One call: what it has printed so far. */
class Run {
  readonly #host: Host;
  #stdout = '';
  #stderr = '';
  #exit = 0;
  #unsupported: string | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  run(argv: readonly string[]): CommandResult {
    try {
      const warn = (text: string) => {
        this.#stderr += text;
      };
      this.#do(readRequest(argv, this.#host.xtables.names, warn));
    } catch (error) {
      if (!(error instanceof ConntrackProblem)) throw error;
      this.#stderr += error.text;
      this.#exit = error.exit;
    }
    const result = { exit: this.#exit, stdout: this.#stdout, stderr: this.#stderr };
    return this.#unsupported === undefined ? result : { ...result, unsupported: this.#unsupported };
  }

  #do(request: Request): void {
    const { conntrack, xtables } = this.#host;
    switch (request.command) {
      case 'L':
        this.#list(request);
        return;
      case 'G':
        this.#get(request);
        return;
      case 'I':
      case 'A':
        this.#create(request);
        return;
      case 'U':
        this.#update(request);
        return;
      case 'D':
        this.#delete(request);
        return;
      case 'F':
        conntrack.flush(({ original }) => request.family === undefined || original.family === request.family);
        this.#say('connection tracking table has been emptied.');
        return;
      case 'xF':
        for (const expectation of [...conntrack.expectations]) conntrack.expectations.remove(expectation);
        this.#say('expectation table has been emptied.');
        return;
      case 'C':
        this.#stdout = `${[...conntrack.connections()].length}\n`;
        return;
      case 'xC':
        this.#stdout = `${conntrack.expectations.count}\n`;
        return;
      case 'S':
      case 'xS':
        this.#statistics(request.command === 'xS');
        return;
      case 'xL':
        this.#listExpectations(request);
        return;
      case 'xG':
        this.#stdout = `${this.#expectationText(findExpectation(this.#host, request))}\n`;
        return;
      case 'xD':
        conntrack.expectations.remove(findExpectation(this.#host, request));
        this.#say('1 expectations have been shown.');
        return;
      case 'E':
        this.#events(request);
        return;
      case 'xE':
        this.#refuse('conntrack -E expect (a program listens to conntrack.events)');
        return;
      case 'xI':
        this.#createExpectation(request);
        return;
      case 'V':
        this.#stdout = 'conntrack v1.4.7 (conntrack-tools)\n';
        return;
      default: {
        const { protocol } = request;
        this.#stdout = usage(protocol, protocol && xtables.names.protocolName(protocol.protocol));
      }
    }
  }

  #say(text: string): void {
    this.#stderr += `${PROGRAM}${text}\n`;
  }

  /** How many there were; none is a failure for what was to find or change some. */
  #count(number: number, what: string, mayBeNone = false): void {
    this.#say(`${number} flow entries have been ${what}.`);
    if (number === 0 && !mayBeNone) this.#exit = 1;
  }

  #refuse(what: string): void {
    this.#stderr += `not supported yet: ${what}\n`;
    this.#exit = 1;
    this.#unsupported = what;
  }

  #print(connection: Connection, { output }: Request, use = 1): void {
    const { conntrack, xtables } = this.#host;
    this.#stdout += `${entryText(connection, conntrack, { output, names: xtables.names, use })}\n`;
  }

  #chosen(request: Request, updating = false): Connection[] {
    const { options } = request;
    for (const [mask, address, name] of MASKS) {
      if (options.has(mask) && !options.has(address)) wrong(`Can't use --mask-${name} without --${name}`);
    }
    return [...this.#host.conntrack.connections()].filter((connection) =>
      fits(connection, request, updating),
    );
  }

  #list(request: Request): void {
    const { options, output, status, table } = request;
    // Packets are taken one by one: between them none is unconfirmed or dying.
    if (table !== 'conntrack') {
      this.#count(0, 'shown', true);
      return;
    }
    if (options.has('z') && [...COMPARING].some((letter) => options.has(letter))) {
      wrong("Can't use -z with filtering parameters");
    }
    const chosen = this.#chosen(request);
    if (options.has('u') && status.mask === 0 && status.status === 0)
      failed('Operation failed: invalid parameters');
    for (const connection of chosen) {
      this.#print(connection, request);
      if (!options.has('z')) continue;
      for (const count of connection.counts ?? []) {
        count.packets = 0;
        count.bytes = 0;
      }
    }
    if (output.has('xml') && chosen.length > 0) {
      this.#stdout = `${XML}<conntrack>\n${this.#stdout}</conntrack>\n`;
    }
    this.#count(chosen.length, 'shown', true);
  }

  /** A command of this host ends at once: it tells what has happened since the last such call. */
  #events(request: Request): void {
    const { conntrack, xtables } = this.#host;
    const parts = textParts({ output: request.output, names: xtables.names, use: 1 });
    const lines = takeEvents(conntrack, request.events, (connection) => fits(connection, request), parts);
    this.#stdout = lines.map((line) => `${line}\n`).join('');
    this.#say(`${lines.length} flow events have been shown.`);
  }

  #get(request: Request): void {
    this.#print(findEntry(this.#host, request), request, 2);
    if (request.output.has('xml')) this.#stdout = `${XML}<conntrack>\n${this.#stdout}`;
    this.#count(1, 'shown');
  }

  #create(request: Request): void {
    const made = createEntry(this.#host, request);
    if (request.command === 'I') this.#count(1, 'created');
    else this.#count(made ? 1 : 0, 'added', true);
  }

  #update(request: Request): void {
    let updated = 0;
    for (const connection of this.#chosen(request, true)) {
      if (!wouldChange(connection, request)) continue;
      if (request.family === undefined) {
        // The program asks the kernel for a family that it was not told.
        this.#stderr += 'Operation failed: Operation not supported\n';
        failed('Operation failed: Operation not supported');
      }
      try {
        updateEntry(this.#host, connection, request);
      } catch (error) {
        if (!(error instanceof ConntrackProblem)) throw error;
        this.#stderr += `${error.message}\n`;
      }
      // The program takes the kernel's assent to one question for the answer to the next: every other entry is shown.
      if (updated % 2 === 0) this.#print(connection, request, 2);
      updated++;
    }
    this.#count(updated, 'updated');
  }

  #delete(request: Request): void {
    const chosen = this.#chosen(request);
    for (const connection of chosen) {
      this.#print(connection, request);
      this.#host.conntrack.remove(connection);
    }
    this.#count(chosen.length, 'deleted');
  }

  /** The kernel counts by processor; this host has one. */
  #statistics(expectations: boolean): void {
    const { statistics: s } = this.#host.conntrack;
    const counts = expectations
      ? { expect_new: s.expectNew, expect_create: s.expectCreate, expect_delete: s.expectDelete }
      : {
          found: s.found,
          invalid: s.invalid,
          insert: s.insert,
          insert_failed: s.insertFailed,
          drop: s.drop,
          early_drop: s.earlyDrop,
          error: s.error,
          search_restart: s.searchRestart,
          clash_resolve: s.clashResolve,
          chaintoolong: s.chainTooLong,
        };
    const words = Object.entries(counts).map(([name, value]) => `${name}=${value} `);
    this.#stdout = `cpu=0   \t${words.join('')}\n`;
  }

  #expectationText(expectation: Parameters<typeof expectationLine>[0]): string {
    return expectationLine(expectation, this.#host.conntrack);
  }

  #listExpectations(request: Request): void {
    if (request.output.has('xml')) {
      this.#refuse('conntrack -L expect -o xml');
      return;
    }
    const family = request.family ?? 4;
    const lines = [...this.#host.conntrack.expectations]
      .filter(({ tuple }) => tuple.family === family)
      .map((expectation) => `${this.#expectationText(expectation)}\n`);
    this.#stdout = lines.join('');
    this.#say(`${lines.length} expectations have been shown.`);
  }

  /** The master must be there, and helped. */
  #createExpectation(request: Request): void {
    let master: Connection;
    try {
      master = findEntry(this.#host, request);
    } catch (error) {
      if (error instanceof ConntrackProblem) failed('Operation failed: master conntrack not found');
      throw error;
    }
    if (!master.help) failed('Operation failed: Operation not supported');
    this.#refuse('conntrack -I expect');
  }
}

const COMPARING = 'psdrqmcuiwl()';
const MASKS = [
  ['{', 's', 'src'],
  ['}', 'd', 'dst'],
] as const;
