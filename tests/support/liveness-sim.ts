/**
 * A path of virtual time: targets that are probed by the rules of the worker (grid point plus up to
 * 5 %, confirmations instead while the path is doubted), a line that loses and delays, and the
 * verdicts that come of it. An hour takes milliseconds.
 */

import type { TableRow } from "../../agent/wire/frame.ts";
import { VERDICT } from "../../agent/wire/verdict.ts";
import { Liveness } from "../../agent/worker/liveness.ts";
import { planLiveness } from "../../agent/worker/liveness-plan.ts";
import { seededRandom } from "../../agent/worker/prng.ts";

export interface Line {
  /** RTT of a probe sent at `atUs`, us; null: never answered. */
  reply(series: number, atUs: number, random: () => number): number | null;
}

export interface SimVerdict {
  readonly kind: number;
  readonly index: number;
  readonly atUs: number;
}

type Event =
  | { readonly kind: "schedule"; readonly series: number; readonly point: number }
  | { readonly kind: "overdue"; readonly probe: Probe }
  | { readonly kind: "reply"; readonly probe: Probe; readonly rttUs: number };

interface Probe {
  readonly series: number;
  readonly sentUs: number;
  isAnswered: boolean;
}

const JITTER = 0.05;

export class LivenessSim {
  readonly verdicts: SimVerdict[] = [];
  readonly liveness: Liveness;
  confirmations = 0;
  /** For other paths, and of spares. */
  crossChecks = 0;
  #nowUs = 0;
  readonly #rows: readonly TableRow[];
  readonly #line: Line;
  readonly #random: () => number;
  readonly #queue: { readonly atUs: number; readonly event: Event }[] = [];

  constructor(rows: readonly TableRow[], line: Line, seed: number) {
    this.#rows = rows;
    this.#line = line;
    this.#random = seededRandom(seed);
    const timeouts = Float64Array.from(rows, ({ timeoutUs }) => timeoutUs);
    const plan = planLiveness(rows, timeouts, true);
    const verdict = (kind: number, index: number, _since: number, atUs: number) => {
      this.verdicts.push({ kind, index, atUs });
    };
    this.liveness = new Liveness(plan, { verdict });
    for (const [series, row] of rows.entries()) {
      if (row.intervalUs === 0) continue;
      this.#push(row.phase * row.intervalUs, { kind: "schedule", series, point: 0 });
    }
  }

  run(untilUs: number, isDone: () => boolean = () => false): this {
    while (this.#nowUs < untilUs && !isDone()) {
      const next = this.#queue[0];
      const dueUs = Math.min(next?.atUs ?? untilUs, this.liveness.nextDueUs(), untilUs);
      this.#nowUs = Math.max(this.#nowUs, dueUs);
      while (this.#queue[0] !== undefined && this.#queue[0].atUs <= this.#nowUs) {
        const event = this.#queue.shift()?.event;
        if (event !== undefined) this.#handle(event);
      }
      this.liveness.advance(this.#nowUs, (series) => {
        this.confirmations++;
        this.#send(series);
      });
      this.liveness.advanceShared(this.#nowUs, (series) => {
        this.crossChecks++;
        this.#send(series);
      });
    }
    return this;
  }

  count(kind: number): number {
    return this.verdicts.filter((one) => one.kind === kind).length;
  }

  /** Moments of the verdicts down, us. */
  get downs(): number[] {
    return this.verdicts.filter(({ kind }) => kind === VERDICT.down).map(({ atUs }) => atUs);
  }

  #handle(event: Event): void {
    switch (event.kind) {
      case "schedule":
        this.#scheduled(event.series, event.point);
        return;
      case "overdue":
        if (event.probe.isAnswered) return;
        this.liveness.missed(event.probe.series, event.probe.sentUs, this.#nowUs);
        return;
      case "reply":
        event.probe.isAnswered = true;
        this.liveness.replied(event.probe.series, event.rttUs, this.#nowUs);
        return;
      default:
        throw new Error("no such event");
    }
  }

  #scheduled(series: number, point: number): void {
    const row = this.#rows[series];
    if (row === undefined) return;
    if (!this.liveness.isConfirming(series)) this.#send(series);
    const at = (row.phase + point + 1 + JITTER * this.#random()) * row.intervalUs;
    this.#push(at, { kind: "schedule", series, point: point + 1 });
  }

  #send(series: number): void {
    const probe: Probe = { series, sentUs: this.#nowUs, isAnswered: false };
    const rttUs = this.#line.reply(series, this.#nowUs, this.#random);
    if (rttUs !== null) this.#push(this.#nowUs + rttUs, { kind: "reply", probe, rttUs });
    const overdueUs = this.#nowUs + this.liveness.overdueAfterUs(series);
    if (Number.isFinite(overdueUs)) this.#push(overdueUs, { kind: "overdue", probe });
  }

  #push(atUs: number, event: Event): void {
    let at = this.#queue.length;
    while (at > 0 && (this.#queue[at - 1]?.atUs ?? 0) > atUs) at--;
    this.#queue.splice(at, 0, { atUs, event });
  }
}
