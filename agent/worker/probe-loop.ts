/**
 * The heart of probing: send what is due, sleep until something is, read what came, conclude. One
 * `turn` is one such round; the worker process and the one-off `probe` command call it in a loop.
 * Below 2,000 probes/s every send and reply has its own wake-up; above, sockets are visited every
 * 10 ms: kernel stamps make the measurement independent of when we look.
 */

import type { Instant } from "../domain/units.ts";
import { US_PER_MS, US_PER_S } from "../domain/units.ts";
import type { Burst } from "../wire/burst.ts";
import type { TableRow, WorkerAbilities, WorkerCounters } from "../wire/frame.ts";
import { ClockQuality } from "./clock-quality.ts";
import { POLLERR, POLLIN } from "./kernel.ts";
import { boottimeNow, monotonicNow, realtimeNow } from "./libc.ts";
import type { PathWatchSink } from "./path-watch.ts";
import { PollSet } from "./poll-set.ts";
import { seededRandom } from "./prng.ts";
import type { Round } from "./round.ts";
import { layRound } from "./round.ts";
import { UNLIMITED } from "./schedule.ts";
import { Abilities } from "./sockets/abilities.ts";
import type { SocketGroup } from "./sockets/socket-group.ts";
import { SocketPool } from "./sockets/socket-pool.ts";
import { randomWords } from "./tokens.ts";

export interface LoopSink extends PathWatchSink {
  /** We did not run between these moments (monotonic us); probes that timed out then are voided. */
  stalled(fromUs: number, toUs: number): void;
}

export interface LoopCounters extends WorkerCounters {
  /** Sends left out because their moment had passed. */
  readonly sends_skipped: number;
}

/** A descriptor of the host that shares the loop's sleep. */
export interface Watch {
  /** Negative: closed, forgotten before the next sleep. */
  fd: number;
  /** POLLIN, POLLOUT; read before every sleep. */
  events: number;
  readonly onReady: (revents: number) => void;
}

export interface ProbeLoopOptions {
  readonly sink: LoopSink;
  /** Of the schedule's jitter. */
  readonly seed: number;
  /** Probes per series; absent: without end. */
  readonly sendsMax?: number;
  /** Replies need no wake-up of their own; see Round.visitUs. */
  readonly isLazy?: boolean;
}

/** Replies are read at least after so many sends: the buffer of an unprivileged socket is small. */
const SENDS_PER_DRAIN = 256;
/** Clock reads are not atomic; a suspend is longer. */
const SUSPEND_MIN_US = 100 * US_PER_MS;
/** A dead path keeps its id and port this long. */
const ROTATE_US = 20 * US_PER_S;
const NONE = -1;

/** Keys of STAMP by the number in the rows. */
export type StampKeyring = ReadonlyMap<number, Uint8Array>;
const NO_KEYS: StampKeyring = new Map();

export class ProbeLoop {
  readonly #sink: LoopSink;
  readonly #random: () => number;
  readonly #sendsMax: number;
  readonly #isLazy: boolean;
  readonly #words = randomWords();
  readonly #baseSeconds = Math.floor(realtimeNow() / US_PER_S);
  readonly #pool = new SocketPool(this.#words);
  readonly #abilities = new Abilities();
  readonly #quality = new ClockQuality();
  readonly #polls = new PollSet();
  readonly #watches: Watch[] = [];
  #round: Round;
  #plannedUs = Number.POSITIVE_INFINITY;
  #suspendedUs = boottimeNow() - monotonicNow();
  #lastPassUs = 0;
  #lastVisitUs = 0;
  #polledChanges = -1;
  #lagUs = 0;
  #sent = 0;
  #received = 0;
  #foreign = 0;
  #skipped = 0;
  #stalls = 0;
  #wakeups = 0;
  #lastSendUs = 0;
  /** Sockets that have something to send in this pass. */
  #touched = 0;

  constructor(options: ProbeLoopOptions) {
    this.#sink = options.sink;
    this.#random = seededRandom(options.seed);
    this.#sendsMax = options.sendsMax ?? UNLIMITED;
    this.#isLazy = options.isLazy ?? false;
    this.#round = this.#lay([]);
  }

  /** How long a result may wait for company while nothing is wrong, us. */
  get calmHoldUs(): number {
    return this.#round.calmHoldUs;
  }

  /** Replaces all series; what is in flight is forgotten and replies to it are ignored. */
  setTable(rows: readonly TableRow[], keys: StampKeyring = NO_KEYS): void {
    this.#settle();
    this.#pool.lay(rows);
    this.#round = this.#lay(rows, keys);
    this.#polledChanges = -1;
    this.#plannedUs = Number.POSITIVE_INFINITY;
    this.#pool.openAll(rows, monotonicNow());
  }

  /** Probes beside the schedule. */
  burst(burst: Burst): void {
    this.#round.watch.burst(burst, monotonicNow());
  }

  /** One round; sleeps at most `maxWaitUs`. Returns the monotonic time at its end, us. */
  turn(maxWaitUs: number): Instant {
    const startUs = monotonicNow();
    const cameLate = this.#noticeGap(startUs);
    this.#send(startUs);
    this.#sleep(startUs, maxWaitUs);
    this.#wakeups++;
    const nowUs = monotonicNow();
    const wokeLate = this.#noticeGap(nowUs);
    const isSuspended = this.#noticeSuspend(nowUs);
    this.#plannedUs = nowUs;
    this.#lastVisitUs = nowUs;
    this.#round.watch.nowUs = nowUs;
    this.#drain();
    if (isSuspended) this.#round.tracker.voidAll();
    this.#round.tracker.expire(nowUs, cameLate || wokeLate);
    return nowUs;
  }

  /** Adds a descriptor of the host to the sleep. */
  watch(fd: number, onReady: (revents: number) => void): Watch {
    const watch: Watch = { fd, events: POLLIN, onReady };
    this.#watches.push(watch);
    this.#polledChanges = -1;
    return watch;
  }

  /** Monotonic us of the last send; 0: none. */
  get lastSendUs(): number {
    return Math.max(this.#lastSendUs, this.#round.sender.lastSentUs);
  }

  /** Worst lateness of a wake-up since the last call, us. */
  takeLagUs(): number {
    const lag = this.#lagUs;
    this.#lagUs = 0;
    return lag;
  }

  /** Frames and the reflector are the host's: their counters are 0 and null here. */
  counters(): LoopCounters {
    const { sender, receiver, schedule } = this.#round;
    return {
      sent: this.#sent + sender.sent,
      received: this.#received + receiver.received,
      foreign: this.#foreign + receiver.foreign,
      frames_held: 0,
      records_dropped: 0,
      stalls: this.#stalls,
      wakeups: this.#wakeups,
      reflector: null,
      sends_skipped: this.#skipped + schedule.skipped,
    };
  }

  /** Grows whenever `abilities` may have changed. */
  get abilityChanges(): number {
    return this.#pool.changes;
  }

  abilities(): WorkerAbilities {
    const { rows } = this.#round;
    const needed = new Set(rows.flatMap((row, i) => (row.type === 0 ? [] : [this.#groupOf(i)])));
    return this.#abilities.of(this.#pool.groups.filter((_, i) => needed.has(i)));
  }

  close(): void {
    this.#settle();
    this.#pool.close();
    this.#round = this.#lay([]);
  }

  #lay(rows: readonly TableRow[], keys: StampKeyring = NO_KEYS): Round {
    return layRound(rows, {
      keys,
      quality: this.#quality,
      sink: this.#sink,
      random: this.#random,
      randomWord: this.#words,
      baseSeconds: this.#baseSeconds,
      groups: this.#pool.groups.length,
      sendsMax: this.#sendsMax,
      isLazy: this.#isLazy,
    });
  }

  /** Adds the counts of the round that ends. */
  #settle(): void {
    const { sender, receiver, schedule } = this.#round;
    this.#sent += sender.sent;
    this.#received += receiver.received;
    this.#foreign += receiver.foreign;
    this.#skipped += schedule.skipped;
    this.#lastSendUs = Math.max(this.#lastSendUs, sender.lastSentUs);
  }

  #noticeGap(nowUs: number): boolean {
    const gapUs = nowUs - this.#plannedUs;
    if (gapUs > this.#lagUs) this.#lagUs = gapUs;
    if (!(gapUs > this.#round.stallUs)) return false;
    this.#stalls++;
    this.#round.watch.void();
    this.#sink.stalled(this.#plannedUs, nowUs);
    return true;
  }

  /** CLOCK_MONOTONIC stands still in suspend, CLOCK_BOOTTIME does not. */
  #noticeSuspend(nowUs: number): boolean {
    const suspendedUs = boottimeNow() - nowUs;
    const hasGrown = suspendedUs - this.#suspendedUs > SUSPEND_MIN_US;
    this.#suspendedUs = suspendedUs;
    if (!hasGrown) return false;
    this.#stalls++;
    this.#round.watch.void();
    this.#sink.stalled(Math.min(this.#plannedUs, nowUs), nowUs);
    return true;
  }

  #send(nowUs: number): void {
    const { schedule, watch, dueGroups } = this.#round;
    if (schedule.nextDueUs() > nowUs && watch.nextDueUs() > nowUs) return;
    this.#lastPassUs = nowUs;
    this.#touched = 0;
    watch.advance(nowUs, this.#enqueue);
    for (let row = schedule.takeDue(nowUs); row !== NONE; row = schedule.takeDue(nowUs)) {
      // The schedule pauses while the path is asked more closely.
      if (!watch.isAsked(row)) this.#enqueue(row);
    }
    for (let i = 0; i < this.#touched; i++) this.#sendGroup(dueGroups[i] ?? 0, nowUs);
  }

  /** Puts a series on the list of its socket. */
  readonly #enqueue = (row: number): void => {
    const { dueHead, dueNext, dueGroups } = this.#round;
    const group = this.#groupOf(row);
    const head = dueHead[group] ?? NONE;
    if (head === NONE) dueGroups[this.#touched++] = group;
    dueNext[row] = head;
    dueHead[group] = row;
  };

  #sendGroup(index: number, nowUs: number): void {
    const { dueHead, dueNext, sender, receiver, tracker, watch } = this.#round;
    const group = this.#pool.groups[index];
    if (group === undefined) return;
    if (watch.isDown(dueHead[index] ?? NONE)) this.#rotate(index, nowUs);
    let sends = 0;
    for (let row = dueHead[index] ?? NONE; row !== NONE; row = dueNext[row] ?? NONE) {
      if (!group.ensureOpen(nowUs)) {
        tracker.refused(row, group.errno, nowUs);
        continue;
      }
      sender.add(group, row, nowUs);
      if (++sends % SENDS_PER_DRAIN === 0) receiver.drain(group);
    }
    sender.flush(group);
    dueHead[index] = NONE;
  }

  /**
   * A NAT session of before may swallow our probes for ever: from time to time a dead path gets
   * another id (ICMP) or port (UDP), unless a path that answers shares the socket.
   */
  #rotate(index: number, nowUs: number): void {
    const group = this.#pool.groups[index];
    if (group === undefined || nowUs < group.keepUntilUs) return;
    const { watch } = this.#round;
    group.keepUntilUs = nowUs + ROTATE_US;
    const isDead = (row: number) => watch.isDown(row) && !watch.isConfirming(row);
    const isNeeded = this.#pool.groupOf.some((of, row) => of === index && !isDead(row));
    if (!isNeeded) group.reopen(nowUs);
  }

  #groupOf(row: number): number {
    return this.#pool.groupOf[row] ?? 0;
  }

  #sleep(startUs: number, maxWaitUs: number): void {
    const { schedule, tracker, watch, sleepUs } = this.#round;
    const dueUs = Math.min(
      schedule.nextDueUs(),
      tracker.nextDueUs(),
      watch.nextDueUs(),
      startUs + maxWaitUs,
    );
    this.#armPolls();
    const nowUs = monotonicNow();
    const watches = this.#watches.length;
    const all = watches + this.#pool.groups.length;
    if (sleepUs === 0 && !this.#isLazy) {
      this.#plannedUs = Math.max(dueUs, nowUs);
      this.#polls.wait(all, this.#plannedUs - nowUs);
      return;
    }
    this.#plannedUs =
      sleepUs === 0
        ? Math.max(Math.min(dueUs, this.#visitDueUs()), nowUs)
        : Math.max(dueUs, nowUs, this.#lastPassUs + sleepUs);
    this.#polls.wait(watches, this.#plannedUs - nowUs);
    this.#polls.wait(all, 0);
  }

  /** Replies keep their kernel stamps: they may wait for the next send, or a moment. */
  #visitDueUs(): number {
    const { tracker, visitUs } = this.#round;
    return tracker.isWaiting ? this.#lastVisitUs + visitUs : Number.POSITIVE_INFINITY;
  }

  /** Not at once: during a drain the places in the poll set must stay. */
  #forgetClosed(): void {
    for (let i = this.#watches.length - 1; i >= 0; i--) {
      if ((this.#watches[i]?.fd ?? 0) >= 0) continue;
      this.#watches.splice(i, 1);
      this.#polledChanges = -1;
    }
  }

  #armPolls(): void {
    this.#forgetClosed();
    const watches = this.#watches;
    for (let i = 0; i < watches.length; i++) {
      const watch = watches[i];
      if (watch !== undefined) this.#polls.set(i, watch.fd, watch.events);
    }
    const changes = this.#pool.changes;
    if (changes === this.#polledChanges) return;
    this.#polledChanges = changes;
    for (const [i, group] of this.#pool.groups.entries()) {
      this.#polls.set(watches.length + i, group.fd, POLLIN);
    }
  }

  #drain(): void {
    const { groups } = this.#pool;
    const watches = this.#watches;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i];
      const revents = this.#polls.ready(watches.length + i);
      if (group?.isOpen && revents !== 0) this.#visit(group, revents);
    }
    for (let i = 0; i < watches.length; i++) {
      const revents = this.#polls.ready(i);
      if (revents !== 0) watches[i]?.onReady(revents);
    }
  }

  /** An error may be all there is to read; stamps for replies are fetched by `drain` itself. */
  #visit(group: SocketGroup, revents: number): void {
    const { receiver } = this.#round;
    if ((revents & POLLERR) !== 0) receiver.drainErrors(group);
    receiver.drain(group);
  }
}

/** A loop that probes `rows` at once: for the one-off command. */
export function openProbeLoop(
  options: ProbeLoopOptions & {
    readonly rows: readonly TableRow[];
    readonly keys?: StampKeyring;
  },
): ProbeLoop {
  const loop = new ProbeLoop(options);
  loop.setTable(options.rows, options.keys);
  return loop;
}
