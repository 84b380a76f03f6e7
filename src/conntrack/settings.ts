/** A number that a sysctl shows and sets. */
export interface SettingCell {
  /** In the unit that is written: seconds, a flag, a count. */
  value: number;
}

/** What a sysctl of connection tracking is: the host makes `net.netfilter.NAME` of it. */
export interface SettingDeclaration {
  /** `nf_conntrack_tcp_loose`. */
  readonly name: string;
  readonly cell: SettingCell;
  /** Smallest and largest value that is taken; anything a 32-bit integer holds if left out. */
  readonly min?: number;
  readonly max?: number;
  /** Values of times in seconds, which the kernel keeps in jiffies. */
  readonly seconds?: boolean;
  readonly readOnly?: boolean;
  /** What is shown instead of the cell's value. */
  readonly read?: () => number;
}

/** The settings of connection tracking: every part defines its own, and reads the cell. */
export class ConntrackSettings {
  readonly list: SettingDeclaration[] = [];
  readonly #byName = new Map<string, SettingCell>();

  define(name: string, initial: number, rest: Omit<SettingDeclaration, 'name' | 'cell'> = {}): SettingCell {
    const known = this.#byName.get(name);
    if (known) return known;
    const cell: SettingCell = { value: initial };
    this.#byName.set(name, cell);
    this.list.push({ name, cell, ...rest });
    return cell;
  }

  /** A timeout: `nf_conntrack_NAME`, seconds. Linux takes negative ones, with which connections end at once. */
  timeout(name: string, seconds: number): SettingCell {
    return this.define(`nf_conntrack_${name}`, seconds, { seconds: true });
  }

  /** On or off: `nf_conntrack_NAME`. */
  flag(name: string, initial: boolean): SettingCell {
    return this.define(`nf_conntrack_${name}`, initial ? 1 : 0, { min: 0, max: 1 });
  }
}
