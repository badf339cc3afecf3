/**
 * The parts of a probe loop on real sockets with a wall clock that can be stepped. Wall time enters
 * the worker only as seconds since a base, in the kernel's stamps and in its own reads alike: a
 * base moved by -S is a wall clock stepped by +S, stamps included.
 */

import type { OutcomeKind } from "../../agent/domain/outcome.ts";
import { OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import type { TableRow } from "../../agent/wire/frame.ts";
import { ClockQuality } from "../../agent/worker/clock-quality.ts";
import { monotonicNow, realtimeNow } from "../../agent/worker/libc.ts";
import { PollSet } from "../../agent/worker/poll-set.ts";
import { seededRandom } from "../../agent/worker/prng.ts";
import { Receiver } from "../../agent/worker/receiver.ts";
import type { Round } from "../../agent/worker/round.ts";
import { layRound } from "../../agent/worker/round.ts";
import { UNLIMITED } from "../../agent/worker/schedule.ts";
import { Sender } from "../../agent/worker/sender.ts";
import { SocketPool } from "../../agent/worker/sockets/socket-pool.ts";
import { StampSessions } from "../../agent/worker/stamp/sessions.ts";
import { randomWords } from "../../agent/worker/tokens.ts";
import type { Outcome } from "../../agent/worker/tracker.ts";

const POLLIN = 1;
const WAIT_MAX_US = 1_000;

export interface SteppedOutcome extends Readonly<Omit<Outcome, "kind">> {
  readonly kind: OutcomeKind;
}

export class SteppedLoop {
  readonly outcomes: SteppedOutcome[] = [];
  readonly #pool = new SocketPool(randomWords());
  readonly #polls = new PollSet();
  readonly #round: Round;
  readonly #quality = new ClockQuality();
  /** Of STAMP, which is not probed here. */
  readonly #sessions = new StampSessions([], {
    keys: new Map(),
    randomWord: randomWords(),
    capacity: 256,
  });
  #baseSeconds = Math.floor(realtimeNow() / 1e6);
  #sender: Sender;
  #receiver: Receiver;

  constructor(rows: readonly TableRow[]) {
    this.#pool.lay(rows);
    this.#pool.openAll(rows, monotonicNow());
    this.#round = layRound(rows, {
      sink: {
        record: (outcome) => {
          this.outcomes.push({ ...outcome, kind: OUTCOME_KINDS[outcome.kind] ?? "lost" });
        },
        verdict: () => {},
      },
      isLazy: false,
      keys: new Map(),
      quality: this.#quality,
      random: seededRandom(1),
      randomWord: randomWords(),
      baseSeconds: this.#baseSeconds,
      groups: this.#pool.groups.length,
      sendsMax: UNLIMITED,
    });
    this.#sender = this.#round.sender;
    this.#receiver = this.#round.receiver;
  }

  /** Monotonic us. */
  get lastSentUs(): number {
    return this.#sender.lastSentUs;
  }

  get skipped(): number {
    return this.#round.schedule.skipped;
  }

  /** Sets the wall clock on by so many seconds (back: negative). */
  step(seconds: number): void {
    this.#baseSeconds -= seconds;
    const { tracker } = this.#round;
    const { lastSentUs } = this.#sender;
    const baseSeconds = this.#baseSeconds;
    const shared = { baseSeconds, sessions: this.#sessions, quality: this.#quality };
    const receiver = new Receiver(tracker, shared);
    this.#receiver = receiver;
    this.#sender = new Sender(tracker, {
      ...shared,
      drainErrors: (group) => receiver.drainErrors(group),
    });
    this.#sender.lastSentUs = lastSentUs;
  }

  /** One look at everything. */
  turn(): void {
    const { schedule, tracker } = this.#round;
    const { groups, groupOf } = this.#pool;
    const startUs = monotonicNow();
    for (let row = schedule.takeDue(startUs); row !== -1; row = schedule.takeDue(startUs)) {
      const group = groups[groupOf[row] ?? 0];
      if (group === undefined) continue;
      this.#sender.add(group, row, startUs);
      this.#sender.flush(group);
    }
    for (const [i, { fd }] of groups.entries()) this.#polls.set(i, fd, POLLIN);
    this.#polls.wait(groups.length, Math.min(WAIT_MAX_US, schedule.nextDueUs() - startUs));
    for (const group of groups) this.#receiver.drain(group);
    tracker.expire(monotonicNow(), false);
  }

  close(): void {
    this.#pool.close();
  }
}
