/**
 * What became of every probe. Pure bookkeeping over the ledger, the wheel and the series: opened,
 * sent or refused, stamped, answered, errored, expired, voided; each probe ends exactly once and
 * the sink hears of it. Times come in, no clock is read here.
 *
 * in flight --timeout--> expired (loss at once) --reply--> late, or --linger--> lost
 *
 * Before its timeout a probe may be overdue already, by what is usual for its target: that says
 * nothing of loss, but the watch of the path wants to know.
 */

import { OUTCOME, OUTCOME_FLAG } from "../domain/outcome.ts";
import { US_PER_MS } from "../domain/units.ts";
import { dwellUs, forwardUs } from "../wire/one-way.ts";
import type { Ledger } from "./ledger.ts";
import { FULL, SLOT } from "./ledger.ts";
import type { SeriesTable } from "./series-table.ts";
import type { TimingWheel } from "./wheel.ts";

/** One outcome; the object is reused, a sink copies what it keeps. */
export interface Outcome {
  series: number;
  /** OUTCOME. */
  kind: number;
  /** OUTCOME_FLAG. */
  flags: number;
  /** ICMP type << 8 | code, errno, or a reflector's count. */
  code: number;
  seq: number;
  rttUs: number;
  sentUs: number;
  /** The watch was told that this probe is overdue. Not part of the record. */
  wasOverdue: boolean;
  /** Delay to a STAMP reflector, whole us, with its flag. */
  forwardUs: number;
}

export interface OutcomeSink {
  record(outcome: Readonly<Outcome>): void;
}

/** Who watches whether paths are alive. */
export interface ProbeWatch {
  /** After this long without a reply the probe is overdue, us; Infinity: do not tell. */
  overdueAfterUs(series: number): number;
  /** The next probe of the series is a confirmation, not one of the schedule. */
  isConfirming(series: number): boolean;
  overdue(series: number, sentUs: number): void;
}

const UNWATCHED: ProbeWatch = {
  overdueAfterUs: () => Number.POSITIVE_INFINITY,
  isConfirming: () => false,
  overdue: () => {},
};

/** The moment something was read from a socket. The object is reused. */
export interface Moment {
  /** Monotonic us at the read. */
  nowUs: number;
  /** Wall minus monotonic clock at the read, us. */
  offsetUs: number;
  /** The kernel's receive stamp on the wall clock, us; NaN: none. */
  rxWallUs: number;
}

/** What a STAMP reply says of the other end. The object is reused. */
export interface Reflection {
  /** The request arrived, on the reflector's clock, us since the same base as our wall times. */
  t2Us: number;
  /** The reply left. */
  t3Us: number;
  /** Both clocks are synchronised. */
  isTrusted: boolean;
  /** Low 16 bits of the reflector's own count; -1: it does not count. */
  counter: number;
}

/** Wall and monotonic spans may differ by this; more is a clock step, not a delay. */
const CLOCK_SLIP_MAX_US = US_PER_MS;

export class ProbeTracker {
  readonly ledger: Ledger;
  readonly series: SeriesTable;
  readonly #wheel: TimingWheel;
  readonly #sink: OutcomeSink;
  readonly #watch: ProbeWatch;
  readonly #out: Outcome = {
    series: 0,
    kind: 0,
    flags: 0,
    code: 0,
    seq: 0,
    rttUs: 0,
    sentUs: 0,
    wasOverdue: false,
    forwardUs: 0,
  };

  constructor(
    probes: { readonly ledger: Ledger; readonly wheel: TimingWheel },
    series: SeriesTable,
    sink: OutcomeSink,
    watch: ProbeWatch = UNWATCHED,
  ) {
    this.ledger = probes.ledger;
    this.#wheel = probes.wheel;
    this.series = series;
    this.#sink = sink;
    this.#watch = watch;
  }

  /** A slot with a fresh token for the next probe of a series, or FULL. */
  open(series: number): number {
    const slot = this.ledger.next();
    if (slot === FULL) return FULL;
    if (this.ledger.state[slot] === SLOT.lingering) {
      this.#wheel.disarm(slot);
      this.#end(slot, OUTCOME.lost, SLOT.closed);
    }
    this.ledger.open(slot, series, this.#takeSeq(series));
    if (this.#watch.isConfirming(series)) this.ledger.isConfirmation[slot] = 1;
    return slot;
  }

  /** The kernel took the packet; `sentUs` and `offsetUs` of the slot are set. */
  sent(slot: number): void {
    const series = this.ledger.series[slot] ?? 0;
    const overdueUs = this.#watch.overdueAfterUs(series);
    const timeoutUs = this.series.timeoutUs[series] ?? 0;
    this.#wheel.arm(slot, (this.ledger.sentUs[slot] ?? 0) + Math.min(overdueUs, timeoutUs));
  }

  /** Our own host refused the packet. */
  unsent(slot: number, errno: number): void {
    this.#out.code = errno;
    this.#end(slot, OUTCOME.unsent, SLOT.closed);
  }

  /** A reply may still come: probes in flight, or lingering behind their timeout. */
  get isWaiting(): boolean {
    return this.#wheel.count > 0;
  }

  /** A probe that did not even get a slot or a socket. */
  refused(series: number, errno: number, nowUs: number): void {
    const out = this.#out;
    out.series = series;
    out.seq = this.#takeSeq(series);
    out.sentUs = nowUs;
    out.code = errno;
    this.#emit(OUTCOME.unsent);
  }

  /** The kernel's send stamp. One before the send call belongs to an earlier probe of the slot. */
  stamped(slot: number, txWallUs: number): void {
    const { ledger } = this;
    const calledUs = (ledger.sentUs[slot] ?? 0) + (ledger.offsetUs[slot] ?? 0);
    if (txWallUs >= calledUs - 1) ledger.txWallUs[slot] = txWallUs;
  }

  /** A verified answer (or a further one) of the probe in `slot`; `reflection` with STAMP. */
  answered(slot: number, moment: Moment, reflection: Reflection | null = null): void {
    const state = this.ledger.state[slot];
    if (state === SLOT.answered) {
      this.#side(slot, OUTCOME.duplicate);
      return;
    }
    if (state !== SLOT.inFlight && state !== SLOT.lingering) return;
    this.#wheel.disarm(slot);
    const timeoutUs = this.series.timeoutUs[this.ledger.series[slot] ?? 0] ?? 0;
    const spanUs = this.#measure(slot, moment);
    const isVoid = (this.#out.flags & OUTCOME_FLAG.rttVoid) !== 0;
    const isInTime = state === SLOT.inFlight && (isVoid || spanUs <= timeoutUs);
    if (state === SLOT.inFlight && !isInTime) this.#expireFirst(slot);
    const rttUs = reflection === null ? spanUs : this.#reflect(slot, spanUs, reflection);
    if (isInTime) {
      this.#replied(slot, rttUs);
      return;
    }
    this.#out.rttUs = rttUs;
    this.#end(slot, OUTCOME.late, SLOT.answered);
  }

  /** A reply to this probe failed its integrity check. */
  corrupted(slot: number): void {
    if (this.ledger.state[slot] === SLOT.inFlight) this.#finish(slot, OUTCOME.corrupt);
  }

  /** An ICMP error quoted this probe. */
  unreachable(slot: number, code: number): void {
    if (this.ledger.state[slot] !== SLOT.inFlight) return;
    this.#out.code = code;
    this.#finish(slot, OUTCOME.unreachable);
  }

  /** A reply with this probe's token from an address that was not asked. */
  mismatched(slot: number): void {
    const state = this.ledger.state[slot];
    if (state === SLOT.inFlight || state === SLOT.lingering) this.#side(slot, OUTCOME.mismatched);
  }

  /**
   * Ends what is due at `nowUs`. While `isVoid`, probes whose timeout passed end without an
   * outcome: we did not run, so their silence proves nothing.
   */
  expire(nowUs: number, isVoid: boolean): void {
    this.#wheel.advance(nowUs);
    for (let slot = this.#wheel.takeDue(); slot !== -1; slot = this.#wheel.takeDue()) {
      const series = this.ledger.series[slot] ?? 0;
      const timeoutAtUs = (this.ledger.sentUs[slot] ?? 0) + (this.series.timeoutUs[series] ?? 0);
      if (this.ledger.state[slot] === SLOT.lingering) {
        this.#end(slot, OUTCOME.lost, SLOT.closed);
      } else if (nowUs < timeoutAtUs) {
        if (!isVoid) this.#overdue(slot, series);
        this.#wheel.arm(slot, timeoutAtUs);
      } else if (isVoid) {
        this.ledger.state[slot] = SLOT.closed;
      } else {
        this.#side(slot, OUTCOME.expired);
        this.ledger.state[slot] = SLOT.lingering;
        this.#wheel.arm(slot, nowUs + (this.series.lingerUs[series] ?? 0));
      }
    }
  }

  #overdue(slot: number, series: number): void {
    this.ledger.isOverdue[slot] = 1;
    this.#watch.overdue(series, this.ledger.sentUs[slot] ?? 0);
  }

  /** Ends every probe in flight without an outcome: the machine was suspended. */
  voidAll(): void {
    for (let slot = 0; slot < this.ledger.capacity; slot++) {
      if (this.ledger.state[slot] !== SLOT.inFlight) continue;
      this.#wheel.disarm(slot);
      this.ledger.state[slot] = SLOT.closed;
    }
  }

  nextDueUs(): number {
    return this.#wheel.nextDueUs();
  }

  #takeSeq(series: number): number {
    const seq = this.series.nextSeq[series] ?? 0;
    this.series.nextSeq[series] = seq + 1;
    return seq;
  }

  /** RTT in us; sets the flags of the record. */
  #measure(slot: number, moment: Moment): number {
    const { ledger } = this;
    const sentUs = ledger.sentUs[slot] ?? 0;
    const offsetUs = ledger.offsetUs[slot] ?? 0;
    const txWallUs = ledger.txWallUs[slot] ?? Number.NaN;
    const userland = moment.nowUs - sentUs;
    this.#out.flags = OUTCOME_FLAG.rttVoid;
    if (Math.abs(moment.offsetUs - offsetUs) > CLOCK_SLIP_MAX_US) return userland;
    if (Number.isNaN(moment.rxWallUs)) {
      this.#out.flags = 0;
      return userland;
    }
    const hasTx = !Number.isNaN(txWallUs);
    const rttUs = moment.rxWallUs - (hasTx ? txWallUs : sentUs + offsetUs);
    if (rttUs < 0 || rttUs > userland + CLOCK_SLIP_MAX_US) return userland;
    this.#out.flags = hasTx ? OUTCOME_FLAG.kernelRx | OUTCOME_FLAG.kernelTx : OUTCOME_FLAG.kernelRx;
    return rttUs;
  }

  /** The RTT without the time the reflector took; adds what it says of the directions. */
  #reflect(slot: number, spanUs: number, reflection: Reflection): number {
    const { ledger } = this;
    const out = this.#out;
    const { t2Us, t3Us, isTrusted, counter } = reflection;
    if (counter >= 0) {
      out.flags |= OUTCOME_FLAG.counted;
      out.code = counter;
    }
    const txWallUs = ledger.txWallUs[slot] ?? Number.NaN;
    const calledUs = (ledger.sentUs[slot] ?? 0) + (ledger.offsetUs[slot] ?? 0);
    const hasClocks = isTrusted && (out.flags & OUTCOME_FLAG.rttVoid) === 0;
    const forward = forwardUs(Number.isNaN(txWallUs) ? calledUs : txWallUs, t2Us, hasClocks);
    if (!Number.isNaN(forward)) {
      out.flags |= OUTCOME_FLAG.oneWay;
      out.forwardUs = Math.round(forward);
    }
    return spanUs - dwellUs(t2Us, t3Us, spanUs);
  }

  /** The reply that is about to be told came after the timeout nobody had noticed yet. */
  #expireFirst(slot: number): void {
    const { flags } = this.#out;
    this.#out.flags = 0;
    this.#side(slot, OUTCOME.expired);
    this.#out.flags = flags;
  }

  #replied(slot: number, rttUs: number): void {
    const series = this.ledger.series[slot] ?? 0;
    const seq = this.ledger.seq[slot] ?? 0;
    const newest = this.series.newestReplied[series] ?? -1;
    this.#out.rttUs = rttUs;
    this.#end(slot, OUTCOME.replied, SLOT.answered);
    if (seq < newest) this.#side(slot, OUTCOME.reordered);
    else this.series.newestReplied[series] = seq;
  }

  #finish(slot: number, kind: number): void {
    this.#wheel.disarm(slot);
    this.#end(slot, kind, SLOT.closed);
  }

  #end(slot: number, kind: number, state: number): void {
    this.ledger.state[slot] = state;
    this.#side(slot, kind);
  }

  #side(slot: number, kind: number): void {
    const { ledger } = this;
    this.#out.series = ledger.series[slot] ?? 0;
    this.#out.seq = ledger.seq[slot] ?? 0;
    this.#out.sentUs = ledger.sentUs[slot] ?? 0;
    this.#out.wasOverdue = ledger.isOverdue[slot] === 1;
    if (ledger.isConfirmation[slot] === 1) this.#out.flags |= OUTCOME_FLAG.confirmation;
    this.#emit(kind);
  }

  #emit(kind: number): void {
    const out = this.#out;
    out.kind = kind;
    this.#sink.record(out);
    out.flags = 0;
    out.code = 0;
    out.rttUs = 0;
    out.wasOverdue = false;
    out.forwardUs = 0;
  }
}
