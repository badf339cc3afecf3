/**
 * Looks at the error budgets every two minutes and tells which of them burn too fast. Only while
 * somebody listens: it reads three days of history.
 */

import type { PathId } from "../../domain/ids.ts";
import { pathId } from "../../domain/ids.ts";
import type { SlaSubject } from "../../domain/sla.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";
import type { BurnLevel, BurnRates } from "../../sla/budget.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";

const INTERVAL = micros(120 * US_PER_S);

/** How fast the budget of one objective burns. */
export interface Burn {
  readonly subject: SlaSubject;
  readonly rates: BurnRates;
  readonly level: BurnLevel;
}

export interface BudgetNews {
  readonly kind: "budget";
  readonly objective: string;
  readonly path: PathId | null;
  readonly policy: number | null;
  /** null: the budget does not burn too fast. */
  readonly burning: string | null;
}

export interface BudgetListener {
  /** Nobody is told otherwise, and nothing is read. */
  isListening(): boolean;
  take(news: BudgetNews): void;
}

export interface BudgetWatchParts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Timers;
  readonly log: Log;
  readonly guard: { readonly isSane: boolean };
  burns(): Promise<readonly Burn[]>;
}

export class BudgetWatch {
  readonly #parts: BudgetWatchParts;
  readonly #told = new Map<string, BudgetNews>();
  #listener: BudgetListener | null = null;
  #disarm: Disarm = () => {};
  #isStopped = false;

  constructor(parts: BudgetWatchParts) {
    this.#parts = parts;
  }

  listen(listener: BudgetListener): void {
    this.#listener = listener;
  }

  start(): void {
    if (this.#isStopped) return;
    const { clock, timers, log } = this.#parts;
    this.#disarm = timers.arm(after(clock.monotonic(), INTERVAL), () => {
      const failed = (error: unknown) => {
        log.warn("cannot read the error budgets", { reason: String(error) });
      };
      void this.look()
        .catch(failed)
        .then(() => this.start());
    });
  }

  /** Without a sane clock nobody knows which bucket is within the last hour. */
  async look(): Promise<void> {
    const listener = this.#listener;
    if (listener === null || !listener.isListening() || !this.#parts.guard.isSane) return;
    const news = new Map((await this.#parts.burns()).map((burn) => [keyOf(burn), newsOf(burn)]));
    for (const [key, gone] of this.#told) {
      if (!news.has(key)) listener.take({ ...gone, burning: null });
    }
    this.#told.clear();
    for (const [key, item] of news) {
      listener.take(item);
      if (item.burning !== null) this.#told.set(key, item);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#disarm();
  }
}

function keyOf({ subject }: Burn): string {
  return `${subject.kind} ${subject.id}`;
}

function newsOf(burn: Burn): BudgetNews {
  const { subject, level, rates } = burn;
  return {
    kind: "budget",
    objective: keyOf(burn),
    path: subject.kind === "path" ? pathId(subject.id) : null,
    policy: subject.kind === "policy" ? subject.id : null,
    burning: level === "ok" ? null : wording(level, rates),
  };
}

function wording(level: Exclude<BurnLevel, "ok">, rates: BurnRates): string {
  const times = (rate: number | null) => (rate === null ? "unknown" : rate.toFixed(1));
  const windows = level === "page" ? (["1h", "6h"] as const) : (["6h", "3d"] as const);
  const said = windows.map((window) => `${times(rates[window])} over ${window}`).join(", ");
  return `${level}: burn rate ${said} (1 spends it by the month's end)`;
}
