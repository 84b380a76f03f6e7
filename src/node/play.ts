import { join } from 'node:path';
import type { Command } from 'commander';
import { inOneLine } from '../formats/build-host.ts';
import { FieldProblem } from '../formats/fields.ts';
import { recordingText } from '../formats/recording.ts';
import { readScenario } from '../formats/scenario.ts';
import { type Played, playScenario } from '../testing/player.ts';
import { placed, readJsonDocument } from './document.ts';
import { type FoundFile, findFiles, writeTextFile } from './files.ts';
import { faultText, UserProblem } from './problem.ts';

const HELP = `
A scenario found in a folder is written below the output folder under the same relative path, as
FOLDER/NAME.recording.json. What cannot be played yet is refused with its cause on standard error and gets no file;
the last line counts the causes.

Exit status: 0 if every scenario was played, 1 if any was refused or is broken, 2 if the command line is wrong.`;

export function define(command: Command): void {
  command
    .argument('<scenario...>', 'scenario files (JSON), or folders of them')
    .requiredOption('-o, --output <folder>', 'where the recordings go')
    .option('-t, --time <seconds>', 'seconds since 1970 (UTC) at which every first step begins', seconds)
    .addHelpText('after', HELP)
    .action((args: string[], options: { output: string; time?: number }) => {
      process.exitCode = playFiles(args, options.output, options.time);
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 1e11)
    throw new UserProblem(`--time ${text}: must be seconds since 1970, as in 1795392000`, 2);
  return value;
}

/** Plays files one after the other; answers the exit status. */
function playFiles(args: readonly string[], folder: string, time: number | undefined): number {
  const tally = new Tally();
  for (const file of findFiles(args, '.json')) {
    try {
      playFile(file, folder, time, tally);
    } catch (error) {
      tally.broken(error instanceof UserProblem ? error.message : `${file.path}: ${faultText(error)}`);
    }
  }
  return tally.finish();
}

function playFile(file: FoundFile, folder: string, time: number | undefined, tally: Tally): void {
  const document = readJsonDocument(file.path);
  let scenario: ReturnType<typeof readScenario>;
  try {
    scenario = readScenario(document.value);
  } catch (error) {
    if (error instanceof FieldProblem) throw placed(document, error);
    throw error;
  }
  const name = file.inside?.slice(0, -'.json'.length) ?? scenario.name;
  const played = playScenario(scenario, time === undefined ? {} : { time });
  if (played.kind === 'played') {
    writeTextFile(join(folder, `${name}.recording.json`), recordingText(played.recording));
    if ('load' in played.recording && !scenario.loadFails) {
      const { what, exit, stderr } = played.recording.load;
      throw new UserProblem(`${file.path}: ${what} failed with ${exit}: ${inOneLine(stderr)}`);
    }
  }
  tally.count(name, file.path, played);
}

/** Counts what became of the scenarios and tells it on standard error. */
class Tally {
  #played = 0;
  #broken = 0;
  readonly #causes = new Map<string, number>();

  count(name: string, path: string, played: Played): void {
    if (played.kind === 'played') {
      this.#played++;
    } else if (played.kind === 'refused') {
      process.stderr.write(`${name}: not supported yet: ${played.cause}\n`);
      this.#causes.set(played.cause, (this.#causes.get(played.cause) ?? 0) + 1);
    } else {
      this.broken(`${path}: ${played.problem}`);
    }
  }

  broken(message: string): void {
    this.#broken++;
    process.stderr.write(`${message}\n`);
  }

  /** The last line; answers the exit status. */
  finish(): number {
    const parts = [`${this.#played} played`];
    const refused = [...this.#causes.values()].reduce((sum, count) => sum + count, 0);
    if (refused > 0) {
      const causes = [...this.#causes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      parts.push(`${refused} refused (${causes.map(([cause, count]) => `${cause}: ${count}`).join(', ')})`);
    }
    if (this.#broken > 0) parts.push(`${this.#broken} broken`);
    process.stderr.write(`${parts.join(', ')}\n`);
    return refused + this.#broken > 0 ? 1 : 0;
  }
}
