import type { CapturedFrame } from './pcap.ts';

/** An interface of a capture. A classic capture has one, without a name. */
export interface CaptureInterface {
  /** Counts from 0, through all sections of a file. */
  readonly index: number;
  /** Name on the machine that captured; undefined if the file does not say. */
  readonly name: string | undefined;
  /** LINKTYPE_* number. */
  readonly linkType: number;
  /** The most bytes of a frame that were kept; 0 if the writer did not say. */
  readonly snapLength: number;
}

/** One frame of a capture of any format. */
export interface CaptureRecord extends CapturedFrame {
  readonly interface: CaptureInterface;
  /** Which way it went, as the capture says: into the machine, or out of it. */
  readonly direction?: 'in' | 'out';
  readonly comment?: string;
}

/** Something of a capture that cannot be read. The message begins with the byte position. */
export class CaptureError extends Error {
  /** Byte position in the file (of a compressed one: in what it unpacks to). */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(`byte ${offset}: ${message}`);
    this.name = 'CaptureError';
    this.offset = offset;
  }
}
