import type { Conntrack } from '../conntrack/conntrack.ts';
import type { SettingDeclaration } from '../conntrack/settings.ts';
import { type Limits, NumberSetting, type Sysctl } from './sysctl.ts';

/** The longest time that fits the kernel's jiffies, seconds. */
const LONGEST = 8589934;

/** A setting whose number lives in a cell of connection tracking. */
class CellSetting extends NumberSetting {
  readonly #declaration: SettingDeclaration;

  constructor(declaration: SettingDeclaration, limits: Limits) {
    super(declaration.cell.value, limits);
    this.#declaration = declaration;
  }

  override read(): string {
    return String(this.number());
  }

  override number(): number {
    const { read, cell } = this.#declaration;
    return read ? read() : cell.value;
  }
}

/** `net.netfilter.nf_conntrack_*`, as the parts of connection tracking declare them. */
export function defineConntrackSettings(sysctl: Sysctl, conntrack: Conntrack): void {
  for (const declaration of conntrack.settings.list) {
    const { name, cell, min, max, seconds, readOnly } = declaration;
    const limits: Limits = {
      min: min ?? (seconds ? -LONGEST : -0x80000000),
      max: max ?? (seconds ? LONGEST : 0x7fffffff),
      ...(readOnly ? { readOnly } : {}),
      onWrite: (value) => {
        cell.value = value;
      },
    };
    sysctl.define(`net/netfilter/${name}`, new CellSetting(declaration, limits));
  }
}
