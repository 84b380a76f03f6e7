import { Tuple } from '../conntrack/tuple.ts';
import { printAddress } from './address.ts';
import type { Backend } from './service.ts';
import { STATE } from './tcp-states.ts';

/**
 * A connection that was given a backend: the kernel's ip_vs_conn. Also the template by which a client stays with its
 * backend; its `original` then has the client's network, port 0, and as destination what the service is.
 */
export class Balanced {
  /** Client to virtual address, as the client's packets arrive. */
  readonly original = new Tuple();
  /** Backend to client, as the answers come. */
  readonly reply = new Tuple();
  readonly backend: Backend;
  readonly template: boolean;
  /** The template that it holds alive. */
  control: Balanced | undefined = undefined;
  /** Of a template: connections that hold it. */
  controlled = 0;
  /** One of STATE. */
  state: number = STATE.NONE;
  /** Counted among its backend's active connections. */
  active = false;
  /** When it ends if nothing comes, in microseconds of the host's clock. */
  expires = 0;
  packets = 0;
  /** The table's own. */
  nextIn: Balanced | undefined = undefined;
  nextOut: Balanced | undefined = undefined;
  slot = -1;
  place = 0;

  constructor(backend: Backend, template: boolean) {
    this.backend = backend;
    this.template = template;
  }

  get client(): string {
    const { family, src0, src1, src2, src3 } = this.original;
    return printAddress(family, src0, src1, src2, src3);
  }

  get virtual(): string {
    const { family, dst0, dst1, dst2, dst3 } = this.original;
    return printAddress(family, dst0, dst1, dst2, dst3);
  }

  get destination(): string {
    const { family, src0, src1, src2, src3 } = this.reply;
    return printAddress(family, src0, src1, src2, src3);
  }
}
