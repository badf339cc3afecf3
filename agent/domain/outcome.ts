/**
 * How a probe ends. Every probe ends as exactly one of the final outcomes. A probe that is
 * unanswered at its timeout is `expired` first: that is loss for the window at once, while the
 * worker keeps listening for a while to tell `late` from `lost` for the counters.
 */

export type OutcomeKind =
  | "replied" // a verified reply within the timeout
  | "expired" // no reply within the timeout: loss in the window, class still pending
  | "lost" // final class of an expired probe: no reply at all
  | "late" // final class of an expired probe: a verified reply after the timeout
  | "unreachable" // an ICMP error quoted this probe; `code` holds type and code
  | "corrupt" // a reply for this probe failed its integrity check
  | "unsent" // our own host refused the send; `code` holds errno; never path loss
  | "duplicate" // side count: a further reply to an already answered probe
  | "reordered" // side count: a reply that was overtaken by the reply to a later probe
  | "mismatched"; // side count: a reply to this probe from an address that was not asked

/** Codes in frames and in the core; the index is the code. */
export const OUTCOME_KINDS = [
  "replied",
  "expired",
  "lost",
  "late",
  "unreachable",
  "corrupt",
  "unsent",
  "duplicate",
  "reordered",
  "mismatched",
] as const satisfies readonly OutcomeKind[];

export const OUTCOME = {
  replied: 0,
  expired: 1,
  lost: 2,
  late: 3,
  unreachable: 4,
  corrupt: 5,
  unsent: 6,
  duplicate: 7,
  reordered: 8,
  mismatched: 9,
} as const satisfies Record<OutcomeKind, number>;

/** Flag bits of an outcome record. */
export const OUTCOME_FLAG = {
  /** A confirmation probe: liveness only, not part of score, window or SLA. */
  confirmation: 1,
  /** RTT from kernel stamps on both ends. */
  kernelTx: 2,
  /** The receive side of the RTT is a kernel stamp. */
  kernelRx: 4,
  /** Wall and monotonic spans disagreed by > 1 ms: counts for loss, not for latency. */
  rttVoid: 8,
  /** The delay to the STAMP reflector is known: both clocks are synchronised. */
  oneWay: 16,
  /** `code` holds the low 16 bits of the STAMP reflector's own count. */
  counted: 32,
  /**
   * Told a second time, for a window that starts anew behind a verdict: it enters the window and
   * nothing else (no totals, no rollup).
   */
  seed: 64,
  /**
   * Sent before the verdict was lifted and ended behind it: of totals and rollup, not of the window
   * that began with the verdict's end.
   */
  stale: 128,
} as const;
