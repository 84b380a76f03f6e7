import { parsePacket } from '../../formats/packet-language/index.ts';
import type { Host } from '../../host/host.ts';
import { printIpv4, printIpv6, printMac } from '../../wire/address.ts';
import { ARP_REQUEST, arpOperation, arpSenderIp, arpTargetIp } from '../../wire/arp.ts';
import { ETH_LENGTH } from '../../wire/ethernet.ts';

const ARP = 0x0806;
const IPV6 = 0x86dd;
const ICMPV6 = 58;
const SOLICITATION = 135;
/** Questions that one packet may bring about. */
const MOST_QUESTIONS = 64;

/**
 * The neighbours of a host under test: each address that it asks for is there, so that a description need not name every
 * neighbour. Those that it names are never asked for.
 */
export class Neighbourhood {
  readonly #host: Host;
  #questions: { readonly device: string; readonly frame: Uint8Array }[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  /** Is this frame a question for a neighbour? It is answered by {@link answer}. */
  hears(device: string, frame: Uint8Array): boolean {
    const isQuestion = isArpRequest(frame) || isSolicitation(frame);
    if (isQuestion && this.#questions.length < MOST_QUESTIONS)
      this.#questions.push({ device, frame: frame.slice() });
    return isQuestion;
  }

  /** Answers what was asked, and what the host asks because of the answers. */
  answer(): void {
    for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
      const question = this.#questions.shift();
      if (!question) break;
      const { device, frame } = question;
      this.#host.receive(device, isArpRequest(frame) ? arpReply(frame) : advertisement(frame));
    }
    this.#questions = [];
  }
}

function etherType(frame: Uint8Array): number {
  return frame.length < ETH_LENGTH ? 0 : (frame[12]! << 8) | frame[13]!;
}

function isArpRequest(frame: Uint8Array): boolean {
  return (
    etherType(frame) === ARP &&
    frame.length >= ETH_LENGTH + 28 &&
    arpOperation(frame, ETH_LENGTH) === ARP_REQUEST
  );
}

function isSolicitation(frame: Uint8Array): boolean {
  return (
    etherType(frame) === IPV6 &&
    frame.length >= ETH_LENGTH + 64 &&
    frame[ETH_LENGTH + 6] === ICMPV6 &&
    frame[ETH_LENGTH + 40] === SOLICITATION
  );
}

/** A locally administered address made of the last four bytes of the neighbour's IP address. */
function macOf(address: Uint8Array): Uint8Array {
  const mac = new Uint8Array(6);
  mac.set([0x02, 0xfe]);
  mac.set(address.slice(-4), 2);
  return mac;
}

function arpReply(frame: Uint8Array): Uint8Array {
  const target = printIpv4(arpTargetIp(frame, ETH_LENGTH));
  const asker = printIpv4(arpSenderIp(frame, ETH_LENGTH));
  const mac = macOf(frame.subarray(ETH_LENGTH + 24, ETH_LENGTH + 28));
  const text = `arp reply ${target} is-at ${printMac(mac)} to ${asker}`;
  return parsePacket(text).frame({ source: mac, destination: frame.slice(6, 12) });
}

function advertisement(frame: Uint8Array): Uint8Array {
  const at = ETH_LENGTH + 48;
  const target = printIpv6(frame, at);
  const asker = printIpv6(frame, ETH_LENGTH + 8);
  const mac = macOf(frame.subarray(at, at + 16));
  const text = `icmp6 ${target} > ${asker} neighbour-advertisement hlim 255 target ${target} solicited override tlla ${printMac(mac)}`;
  return parsePacket(text).frame({ source: mac, destination: frame.slice(6, 12) });
}
