/** Jiffies: the kernel counts these limits in ticks of 4 ms (HZ 250). */
export const TICK = 4000;
const HZ = 250;
const BURST_FACTOR = 6;
/** Ticks a redirect must be apart from the first, doubled with each one (ip_rt_redirect_load). */
const REDIRECT_LOAD = HZ / 50;
const REDIRECT_NUMBER = 9;
const REDIRECT_SILENCE = REDIRECT_LOAD << (REDIRECT_NUMBER + 1);
const ERROR_COST = HZ;
const ERROR_BURST = 5 * HZ;
/** Most peers that are remembered (inet_peer_threshold). */
const MOST_PEERS = 65664;

/** What is remembered of another host: how many errors and redirects it was sent (struct inet_peer). */
class Peer {
  tokens = 0;
  last: number;
  redirects = 0;
  constructor(last: number) {
    this.last = last;
  }
}

/** The limits per peer of ICMP errors and redirects. Errors, unreachable routes and redirects share their tokens. */
export class Peers {
  readonly #now: () => number;
  readonly #peers = new Map<number, Peer>();

  /** `now` answers microseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#peers.size;
  }

  #ticks(): number {
    return Math.floor(this.#now() / TICK);
  }

  #get(address: number): Peer {
    let peer = this.#peers.get(address);
    if (!peer) {
      if (this.#peers.size >= MOST_PEERS) {
        for (const oldest of this.#peers.keys()) {
          this.#peers.delete(oldest);
          break;
        }
      }
      peer = new Peer(this.#ticks() - 60 * HZ);
      this.#peers.set(address, peer);
    }
    return peer;
  }

  /** May another message go to this peer? `milliseconds` is icmp_ratelimit. (net/ipv4/inetpeer.c inet_peer_xrlim_allow) */
  allow(address: number, milliseconds: number): boolean {
    const peer = this.#get(address);
    const cost = Math.ceil(milliseconds / (1000 / HZ));
    const now = this.#ticks();
    peer.tokens = Math.min(peer.tokens + now - peer.last, BURST_FACTOR * cost);
    peer.last = now;
    if (peer.tokens < cost) return false;
    peer.tokens -= cost;
    return true;
  }

  /** May this peer be told that there is no route? Five at once, then one a second. (net/ipv4/route.c ip_error) */
  allowUnreachable(address: number): boolean {
    const peer = this.#get(address);
    const now = this.#ticks();
    peer.tokens = Math.min(peer.tokens + now - peer.last, ERROR_BURST);
    peer.last = now;
    if (peer.tokens < ERROR_COST) return false;
    peer.tokens -= ERROR_COST;
    return true;
  }

  /**
   * May this peer get another redirect? Each waits twice as long as the one before; after nine it gets no more until it
   * has been silent for 20 s. If so, {@link redirected} is to be called once it was sent.
   * (net/ipv4/route.c ip_rt_send_redirect)
   */
  allowRedirect(address: number): boolean {
    const peer = this.#get(address);
    const now = this.#ticks();
    if (now > peer.last + REDIRECT_SILENCE) {
      peer.tokens = 0;
      peer.redirects = 0;
    }
    if (peer.redirects >= REDIRECT_NUMBER) {
      peer.last = now;
      return false;
    }
    return peer.redirects === 0 || now > peer.last + (REDIRECT_LOAD << peer.redirects);
  }

  redirected(address: number): void {
    const peer = this.#get(address);
    peer.last = this.#ticks();
    peer.redirects++;
  }
}

/** The limit of all ICMP messages together (net/ipv4/icmp.c icmp_global_allow). */
export class GlobalLimit {
  readonly #now: () => number;
  #credit = 0;
  #stamp = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  allow(perSecond: number, burst: number): boolean {
    if (this.#credit > 0) return true;
    const now = Math.floor(this.#now() / TICK);
    // The first second of a host counts as full, as on one that has been up for long.
    const passed = this.#stamp === 0 ? HZ : Math.min(now - this.#stamp, HZ);
    if (passed < HZ / 50) return false;
    const more = Math.floor((perSecond * passed) / HZ);
    if (more === 0) return false;
    this.#stamp = Math.max(now, 1);
    this.#credit = Math.min(this.#credit + more, burst);
    return true;
  }

  /** A message was sent; the kernel takes 0 to 2 credits, so that no one can count them. */
  consume(random: number): void {
    this.#credit -= random % 3;
  }
}
