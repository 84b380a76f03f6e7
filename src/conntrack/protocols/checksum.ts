import { PREROUTING } from '../../netfilter/constants.ts';
import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { checksum, pseudoSum4, pseudoSum6 } from '../../wire/checksum.ts';
import type { Conntrack } from '../conntrack.ts';

/**
 * Whether a packet's transport checksum is wrong, where it is checked at all: on arrival, unless
 * `net.netfilter.nf_conntrack_checksum` is 0. `to` ends the part that it covers. (nf_checksum, nf_checksum_partial)
 */
export function checksumIsBad(
  conntrack: Conntrack,
  packet: Packet,
  offset: number,
  state: HookState,
  protocol: number,
  to = packet.end,
): boolean {
  if (state.hook !== PREROUTING || conntrack.checksum.value === 0) return false;
  const { bytes, network, end } = packet;
  const length = end - offset;
  const pseudo =
    packet.family === 6
      ? pseudoSum6(bytes, network, protocol, length)
      : protocol === 1
        ? 0
        : pseudoSum4(bytes, network, protocol, length);
  return checksum(bytes, offset, to, pseudo) !== 0;
}
