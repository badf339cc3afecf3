/**
 * Does a device still receive unicast traffic while probes stay unanswered? Counter readings of the
 * last seconds and the rule that weighs them (routing rule 19): a cable and an LTE modem carry ARP,
 * router advertisements and multicast all the time, so only unicast counts, and only much of it.
 */

import type { Instant } from "../../domain/units.ts";
import { between, US_PER_S } from "../../domain/units.ts";

/** Counters of a device since it was made. */
export interface RxCount {
  readonly packets: number;
  readonly multicast: number;
}

interface Reading {
  readonly at: Instant;
  readonly unicast: number;
}

const BEFORE_US = 10 * US_PER_S;
/** Of two readings that lie closer together nothing can be said. */
const RECENT_US = US_PER_S / 2;
const KEPT_US = 25 * US_PER_S;
const RATE_MIN = 20;
const SHARE_MIN = 0.5;

export class RxEvidence {
  #readings: Reading[] = [];

  /** null: the device cannot be read; what was read of it is of another one. */
  note(at: Instant, count: RxCount | null): void {
    const unicast = count === null ? Number.NaN : count.packets - count.multicast;
    const last = this.#readings.at(-1);
    // Made anew, the counters begin at zero.
    if (!(unicast >= (last?.unicast ?? 0))) this.#readings = [];
    if (Number.isNaN(unicast)) return;
    this.#readings = this.#readings.filter((one) => between(one.at, at) <= KEPT_US);
    this.#readings.push({ at, unicast });
  }

  /** Packets keep coming since `since`, as at least half as many did in the ten seconds before. */
  holds(since: Instant): boolean {
    const from = this.#readings.findLast(({ at }) => at <= since);
    const last = this.#readings.at(-1);
    if (from === undefined || last === undefined) return false;
    const earliest = this.#readings.find(({ at }) => between(at, from.at) <= BEFORE_US);
    const before = earliest === undefined ? 0 : rate(earliest, from);
    // Of the newest second alone too: what came at the beginning of the silence proves nothing now.
    const isEarlier = ({ at }: Reading) => between(at, last.at) >= RECENT_US;
    const previous = this.#readings.findLast(isEarlier) ?? from;
    const now = Math.min(rate(from, last), rate(previous, last));
    return now >= Math.max(RATE_MIN, SHARE_MIN * before);
  }
}

/** Packets per second; 0 without a span. */
function rate(from: Reading, to: Reading): number {
  const us = between(from.at, to.at);
  return us > 0 ? ((to.unicast - from.unicast) * US_PER_S) / us : 0;
}
