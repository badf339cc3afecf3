/**
 * How an address of the lab behaves and what that decides for one request: whether it is answered,
 * when, and how often. What the answer looks like is in `reply.ts`. Randomness comes in as a
 * function, so a run can be repeated from its seed.
 */

export type Loss =
  /** Independent, `p` in 0..1. */
  | { readonly kind: "random"; readonly p: number }
  /** Gilbert: good to bad with `p`, bad to good with `r`; everything is lost while bad. */
  | { readonly kind: "gilbert"; readonly p: number; readonly r: number }
  /** The n-th, 2n-th, ... request. */
  | { readonly kind: "nth"; readonly n: number }
  /** Repeated: "x" is lost, every other character answered. */
  | { readonly kind: "pattern"; readonly pattern: string }
  /** Nothing is answered. */
  | { readonly kind: "all" };

export type Fault =
  | { readonly kind: "other-source" }
  | { readonly kind: "bad-checksum" }
  /** The last octet of the payload is inverted, the checksum right. */
  | { readonly kind: "flip" }
  /** ICMP: octets with the header; UDP: octets of payload. Lengths and checksum are right. */
  | { readonly kind: "truncate"; readonly octets: number }
  | { readonly kind: "ip-options" }
  /** ICMP: the id plus one. UDP: the source port plus one. */
  | { readonly kind: "wrong-id" }
  /** ICMP: the sequence number plus one. UDP: the last octet of the probe's number plus one. */
  | { readonly kind: "wrong-seq" }
  /** The request itself comes back, an echo request. */
  | { readonly kind: "mirror" };

/** An ICMP error instead of a reply; `quotedOctets` behind the IP header, default all that fit. */
export type ErrorReply =
  /** IPv4 type 3, IPv6 type 1. */
  | { readonly kind: "unreachable"; readonly code: number; readonly quotedOctets?: number }
  | { readonly kind: "ttl-exceeded"; readonly quotedOctets?: number };

export interface Behaviour {
  /** us */
  readonly delayUs?: number;
  /** us, uniform, plus and minus. */
  readonly jitterUs?: number;
  /** A queue that builds at once (`p` per request) and drains over `length` requests. */
  readonly bursts?: { readonly p: number; readonly length: number; readonly extraUs: number };
  /** us, in turn, in place of `delayUs`: with a long and a short one, replies overtake. */
  readonly alternateUs?: readonly [number, number];
  readonly loss?: Loss;
  /** Further copies of each reply, and how much later each follows the one before, us. */
  readonly duplicates?: number;
  readonly duplicateGapUs?: number;
  readonly fault?: Fault;
  readonly error?: ErrorReply;
  /** Default "echo"; "closed" answers UDP with port unreachable from the address itself. */
  readonly udp?: "echo" | "closed";
}

/** What was made of a request. `faulted` and `error`: something was sent, but no good reply. */
export type Decision = "answered" | "lost" | "faulted" | "error";

/** What an address remembers between requests; a new behaviour starts with a new one. */
export interface AddressState {
  count: number;
  isBad: boolean;
  burstLeft: number;
}

export function newState(): AddressState {
  return { count: 0, isBad: false, burstLeft: 0 };
}

export interface Verdict {
  readonly decision: Decision;
  /** When each copy departs, us after the arrival; empty when lost. */
  readonly delaysUs: readonly number[];
}

export function decide(
  behaviour: Behaviour,
  state: AddressState,
  random: () => number,
  isUdp: boolean,
): Verdict {
  state.count++;
  const isLost = behaviour.loss !== undefined && loses(behaviour.loss, state, random);
  const delayUs = delayOf(behaviour, state, random);
  if (isLost) return { decision: "lost", delaysUs: [] };
  const { duplicates = 0, duplicateGapUs = 0 } = behaviour;
  const delaysUs = Array.from({ length: 1 + duplicates }, (_, i) => delayUs + i * duplicateGapUs);
  return { decision: decisionOf(behaviour, isUdp), delaysUs };
}

function decisionOf(behaviour: Behaviour, isUdp: boolean): Decision {
  if (behaviour.error !== undefined || (isUdp && behaviour.udp === "closed")) return "error";
  const { fault } = behaviour;
  // A receiver has to accept IP options.
  return fault === undefined || fault.kind === "ip-options" ? "answered" : "faulted";
}

function loses(loss: Loss, state: AddressState, random: () => number): boolean {
  switch (loss.kind) {
    case "all":
      return true;
    case "random":
      return random() < loss.p;
    case "nth":
      return state.count % loss.n === 0;
    case "pattern":
      return loss.pattern[(state.count - 1) % loss.pattern.length] === "x";
    case "gilbert":
      if (random() < (state.isBad ? loss.r : loss.p)) state.isBad = !state.isBad;
      return state.isBad;
  }
}

function delayOf(behaviour: Behaviour, state: AddressState, random: () => number): number {
  const { delayUs = 0, jitterUs = 0, bursts, alternateUs } = behaviour;
  const base = alternateUs === undefined ? delayUs : (alternateUs[(state.count - 1) % 2] ?? 0);
  const jitter = jitterUs === 0 ? 0 : (2 * random() - 1) * jitterUs;
  return Math.max(0, base + jitter + queueOf(bursts, state, random));
}

function queueOf(bursts: Behaviour["bursts"], state: AddressState, random: () => number): number {
  if (bursts === undefined) return 0;
  if (state.burstLeft === 0 && random() < bursts.p) state.burstLeft = bursts.length;
  if (state.burstLeft === 0) return 0;
  const extra = (bursts.extraUs * state.burstLeft) / bursts.length;
  state.burstLeft--;
  return extra;
}
