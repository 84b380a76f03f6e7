import type { ErrnoName } from '../netfilter/constants.ts';

/** How a kernel setting reads and takes its text. */
export interface Setting {
  /** The text that `cat` shows, without the end of line. */
  read(): string;
  /** The number that the path reads; NaN for a setting that is text. */
  number(): number;
  /** Takes a text; answers the name of the error if the kernel would refuse it, and then changes nothing. */
  write(text: string): ErrnoName | undefined;
}

/** Settings that stand in one directory of /proc/sys. */
export interface SettingDirectory {
  names(): Iterable<string>;
  /** A setting's object; undefined if there is none of this name. */
  make(name: string): Setting | undefined;
}

/** What a numeric setting accepts, and what happens when it is set. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** A number between is rounded up to a multiple of it. */
  readonly step?: number;
  /** Values are written in decimal; `mode` e.g. only for reading. */
  readonly readOnly?: boolean;
  /** What else a number must fulfil. */
  readonly accepts?: (value: number) => boolean;
  readonly onWrite?: (value: number, before: number) => void;
}

/** A settings' value that the path reads directly. */
export class NumberSetting implements Setting {
  value: number;
  #limits: Limits;

  constructor(value: number, limits: Limits = {}) {
    this.value = value;
    this.#limits = limits;
  }

  /** Narrows what it takes. */
  limit(limits: Limits): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  read(): string {
    return String(this.value);
  }

  number(): number {
    return this.value;
  }

  write(text: string): ErrnoName | undefined {
    const { min = -0x80000000, max = 0x7fffffff, step = 1, readOnly, accepts, onWrite } = this.#limits;
    if (readOnly) return 'EACCES';
    const value = parseInteger(text);
    // proc_dointvec_minmax and proc_dou8vec_minmax answer EINVAL for both (kernel/sysctl.c).
    if (value === undefined || value < min || value > max) return 'EINVAL';
    if (accepts && !accepts(value)) return 'EINVAL';
    const before = this.value;
    this.value = Math.ceil(value / step) * step;
    onWrite?.(this.value, before);
    return undefined;
  }
}

/** A setting of several numbers: `4096	16384	4194304`. */
export class ListSetting implements Setting {
  values: number[];

  constructor(values: readonly number[]) {
    this.values = [...values];
  }

  read(): string {
    return this.values.join('\t');
  }

  number(): number {
    return this.values[0] ?? Number.NaN;
  }

  write(text: string): ErrnoName | undefined {
    const words = text.trim().split(/\s+/).slice(0, this.values.length);
    const values = words.map(parseInteger);
    if (values.length === 0 || values.some((value) => value === undefined)) return 'EINVAL';
    values.forEach((value, index) => {
      this.values[index] = value!;
    });
    return undefined;
  }
}

/** A setting that is text. */
export class TextSetting implements Setting {
  value: string;

  constructor(value: string) {
    this.value = value;
  }

  read(): string {
    return this.value;
  }

  number(): number {
    return Number.NaN;
  }

  write(text: string): ErrnoName | undefined {
    this.value = text.trim();
    return undefined;
  }
}

/** The kernel's reading of an integer: blanks, a sign, decimal, octal or hexadecimal; what follows a blank is left alone. */
function parseInteger(text: string): number | undefined {
  const found = /^\s*(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(?=\s|$)/.exec(text.replace(/\0.*$/s, ''));
  if (!found) return undefined;
  const digits = found[2]!;
  const base = /^0[xX]/.test(digits) ? 16 : digits.startsWith('0') && digits.length > 1 ? 8 : 10;
  const value = Number.parseInt(base === 16 ? digits.slice(2) : digits, base);
  return found[1] ? -value : value;
}

/**
 * The settings under /proc/sys. Names may be written with dots or slashes; in the form with dots, a dot within an
 * interface's name is written as a slash, as `sysctl` does.
 */
export class Sysctl {
  readonly #settings = new Map<string, Setting>();
  readonly #directories = new Map<string, SettingDirectory[]>();
  readonly #limits: ReadonlyMap<string, Limits>;

  /** `limits`: what numeric settings take, by path, beyond what they themselves say. */
  constructor(limits: ReadonlyMap<string, Limits> = new Map()) {
    this.#limits = limits;
  }

  /** Adds a setting under its path with slashes (`net/ipv4/ip_forward`). */
  define<S extends Setting>(path: string, setting: S): S {
    const limits = this.#limits.get(path);
    if (limits && setting instanceof NumberSetting) setting.limit(limits);
    this.#settings.set(path, setting);
    return setting;
  }

  /** Adds a directory of settings that are made when they are first asked for; one that is defined by itself stays. */
  defineDirectory(path: string, directory: SettingDirectory): void {
    const known = this.#directories.get(path);
    if (known) known.push(directory);
    else this.#directories.set(path, [directory]);
  }

  /** A numeric setting with its default. */
  defineNumber(path: string, value: number, limits: Limits = {}): NumberSetting {
    return this.define(path, new NumberSetting(value, limits));
  }

  /** Takes away every setting below a path: those of an interface that is gone. */
  undefine(directory: string): void {
    for (const path of this.#settings.keys())
      if (path.startsWith(`${directory}/`)) this.#settings.delete(path);
    this.#directories.delete(directory);
  }

  /** A setting's own object, which the path keeps to read it without looking a name up. */
  setting(name: string): Setting | undefined {
    return this.#at(normalise(name)) ?? this.#at(name);
  }

  #at(path: string): Setting | undefined {
    const known = this.#settings.get(path);
    if (known) return known;
    const slash = path.lastIndexOf('/');
    for (const directory of this.#directories.get(path.slice(0, slash)) ?? []) {
      const setting = directory.make(path.slice(slash + 1));
      if (setting) return this.define(path, setting);
    }
    return undefined;
  }

  /** The text of a setting; undefined if there is none of this name. */
  get(name: string): string | undefined {
    return this.setting(name)?.read();
  }

  /** Sets it; answers the name of the error (`ENOENT`, `EINVAL`, `EACCES`), or undefined. */
  set(name: string, text: string): ErrnoName | undefined {
    const setting = this.setting(name);
    return setting ? setting.write(text) : 'ENOENT';
  }

  /** The number of a setting. 0 if there is none of this name. */
  number(name: string): number {
    return this.setting(name)?.number() ?? 0;
  }

  /** Paths with slashes of all settings, sorted. */
  paths(): readonly string[] {
    const paths = new Set(this.#settings.keys());
    for (const [path, directories] of this.#directories) {
      for (const directory of directories) for (const name of directory.names()) paths.add(`${path}/${name}`);
    }
    return [...paths].sort();
  }

  /** Is there a setting at or below this path? */
  isDirectory(path: string): boolean {
    const below = `${path}/`;
    for (const known of this.#settings.keys()) if (known.startsWith(below)) return true;
    for (const known of this.#directories.keys()) if (`${known}/`.startsWith(below)) return true;
    return false;
  }
}

/** `net.ipv4.conf.eth0/1.forwarding` and `net/ipv4/conf/eth0.1/forwarding` are the same. */
function normalise(name: string): string {
  const dot = name.indexOf('.');
  const slash = name.indexOf('/');
  if (dot < 0 || (slash >= 0 && slash < dot)) return name;
  return name.replace(/[./]/g, (character) => (character === '.' ? '/' : '.'));
}
