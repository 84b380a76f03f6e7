/** A frame that a host sent. */
export interface RecordedFrame {
  readonly dev: string;
  /** Hexadecimal digits of the whole frame. */
  readonly frame: string;
  /** Fields that are random. Only the recorder of a real kernel writes it. */
  readonly mask?: readonly string[];
  /** Where a masked port must lie, both ends included. */
  readonly ports?: readonly [number, number];
}

/** What a host did because of one step. */
export interface RecordedStep {
  readonly out: readonly RecordedFrame[];
  readonly log: readonly string[];
  readonly path: readonly string[];
  /** Of a `send` step that failed: `EPERM`. */
  readonly error?: string;
  /** Of a `run` step. */
  readonly exit?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** The part of a host that could not be set up. */
export interface LoadFailure {
  /** `ip`, `ipset`, `iptables`, `ip6tables` or `sysctl NAME=VALUE`. */
  readonly what: string;
  readonly exit: number;
  readonly stderr: string;
}

interface RecordingHead {
  readonly name: string;
  readonly kernel: string;
  readonly tools: string;
}

/** A host that could not be set up. */
export interface FailedRecording extends RecordingHead {
  readonly load: LoadFailure;
}

/** A scenario that was played to its end. */
export interface PlayedRecording extends RecordingHead {
  /** Seconds since 1970 (UTC) when the first step began. */
  readonly time: number;
  readonly steps: readonly RecordedStep[];
  readonly iptables: string;
  readonly ip6tables: string;
  readonly conntrack: readonly string[];
  readonly expectations: readonly string[];
  readonly ipset: readonly string[];
}

/** What a host did with a scenario (conformance/FORMAT.md, "Recording"). */
export type Recording = FailedRecording | PlayedRecording;

/** The text of a recording's file: JSON as the recorder writes it. */
export function recordingText(recording: Recording): string {
  return `${JSON.stringify(recording, undefined, 1).replace(/[\u007f-\uffff]/g, escaped)}\n`;
}

/** The recorder writes ASCII. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
