/**
 * The live table of `run`: printed again and again to standard output, for a person who tries the
 * agent; the log goes to standard error.
 */

import type { Display } from "../domain/run-plan.ts";
import { after, micros, US_PER_S } from "../domain/units.ts";
import { pathTable } from "../io/table.ts";
import type { HealthReader } from "./health-reader.ts";
import type { Clock, Disarm, Timers } from "./ports.ts";

export interface TableParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly health: HealthReader;
  readonly display: Display;
  /** Where the text goes. */
  write(text: string): void;
}

const FIRST = micros(3 * US_PER_S);
const EVERY = micros(5 * US_PER_S);

export class TablePrinter {
  readonly #parts: TableParts;
  #disarm: Disarm = () => {};

  constructor(parts: TableParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#arm(FIRST);
  }

  stop(): void {
    this.#disarm();
  }

  #arm(span: typeof FIRST): void {
    const { clock, timers } = this.#parts;
    this.#disarm = timers.arm(after(clock.monotonic(), span), () => {
      this.#print();
      this.#arm(EVERY);
    });
  }

  #print(): void {
    const { clock, health, display } = this.#parts;
    const time = new Date(clock.wall()).toTimeString().slice(0, 8);
    this.#parts.write(`\n${time}\n${pathTable(health.all(), display.color)}\n`);
  }
}
