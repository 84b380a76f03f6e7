/**
 * fivehooks as a library: a Linux host's packet path, Netfilter's five hooks and iptables. It does no I/O, reads no clock
 * and draws no randomness: a host gets frames by `receive`, gives them by `transmit`, and time passes by `advance`.
 */

export {
  type BackendName,
  type BackendOptions,
  BalanceProblem,
  type NewConnection,
  type ServiceName,
  type ServiceOptions,
} from './balance/api.ts';
export { Balancer, type BalancerOptions } from './balance/balancer.ts';
export type { Balanced } from './balance/connection.ts';
export type { Scheduler, SchedulerKind } from './balance/schedulers/scheduler.ts';
export type { Backend, Service } from './balance/service.ts';
export type { Command, CommandResult } from './commands/command.ts';
export { commandNames, runCommand } from './commands/index.ts';
export { runLine, runWords } from './commands/shell.ts';
export { splitWords, WordsProblem } from './commands/words.ts';
export { connectionLine } from './conntrack/text.ts';
export { buildHost, freshHost, HostLoadProblem } from './formats/build-host.ts';
export { bytesOfText, textOfBytes } from './formats/bytes-text.ts';
export { CaptureReader, looksLikeCapture } from './formats/capture.ts';
export { CaptureError, type CaptureInterface, type CaptureRecord } from './formats/capture-record.ts';
export { type FieldPath, FieldProblem } from './formats/fields.ts';
export { fromHex, toHex } from './formats/hex.ts';
export {
  type HostDescription,
  type InterfaceDescription,
  type NeighborDescription,
  readHostDescription,
  type SocketDescription,
} from './formats/host-description.ts';
export { isKnownLinkType, LINK_TYPE, type LinkPayload, linkPayload } from './formats/link-types.ts';
export {
  type Dissected,
  dissectFrame,
  dissectPacket,
  frameOf,
  type Macs,
  PacketLanguageError,
  type PacketText,
  packetWords,
  parsePacket,
  printFrame,
  printPacket,
  summarizeFrame,
  summarizePacket,
} from './formats/packet-language/index.ts';
export {
  type CapturedFrame,
  looksLikePcap,
  PcapError,
  type PcapHeader,
  PcapReader,
  pcapHeader,
  pcapRecord,
  readPcap,
} from './formats/pcap.ts';
export {
  pcapngHeader,
  pcapngRecord,
  type WrittenInterface,
  type WrittenRecord,
} from './formats/pcapng-write.ts';
export {
  type FailedRecording,
  type LoadFailure,
  type PlayedRecording,
  type RecordedFrame,
  type RecordedStep,
  type Recording,
  recordingText,
} from './formats/recording.ts';
export { readScenario, type Scenario, type ScenarioStep } from './formats/scenario.ts';
export { Host, type HostOptions } from './host/host.ts';
export type {
  Asked,
  Change,
  Decision,
  End,
  HookStep,
  Journey,
  Origin,
  PacketWords,
  Step,
  TransmitStep,
} from './journey/journey.ts';
export { JourneyRecorder, type Watched } from './journey/recorder.ts';
export { JourneySummary } from './journey/summary.ts';
export {
  journeyText,
  type Line,
  type Piece,
  plainText,
  type Style,
  type TextOptions,
} from './journey/text.ts';
export { recordJourneys } from './journey/watch.ts';
export {
  ERRNO,
  type ErrnoName,
  type Family,
  FORWARD,
  HOOK_NAMES,
  type Hook,
  type HookName,
  INPUT,
  OUTPUT,
  POSTROUTING,
  PREROUTING,
  PRIORITY,
} from './netfilter/constants.ts';
export type { HookFunction, HookRegistration, HookState, Hooks } from './netfilter/hooks.ts';
export type { LogGroups, LoggedPacket, LogListener } from './netfilter/log-groups.ts';
export type { ChainStep, Mismatch, Observer } from './netfilter/observer.ts';
export { HEADROOM, MAX_PACKET, Packet, type Sender } from './netfilter/packet.ts';
export type {
  Answer,
  PacketQueues,
  QueueAnswer,
  QueuedPacket,
  QueueListener,
  QueueOptions,
} from './netfilter/queues.ts';
export { ROUTE_TYPE, type Route, type Services } from './netfilter/services.ts';
export type { Timer, Timers } from './netfilter/timers.ts';
export { NotSupportedYet } from './netfilter/unsupported.ts';
export {
  ACCEPT,
  DROP,
  dropWithError,
  QUEUE,
  queueTo,
  REPEAT,
  STOLEN,
  type Verdict,
  verdictName,
} from './netfilter/verdict.ts';
export { compareRecordings } from './testing/compare.ts';
export { type Played, type PlayOptions, playScenario } from './testing/player.ts';
/** Headers and their fields, checksums, and builders of packets, protocol by protocol: views over bytes without state. */
export * as wire from './wire/index.ts';
export { Names, type NameTexts } from './xtables/names.ts';
export type { Fingerprint, FingerprintNumber, FingerprintOption } from './xtables/osf/fingerprint.ts';
export { Fingerprints } from './xtables/osf/fingerprints.ts';
export { FingerprintProblem, readFingerprints } from './xtables/osf/pf-os.ts';
export type { Count, Table } from './xtables/table.ts';
export { TABLE_NAMES, type TableName, type Xtables } from './xtables/xtables.ts';
