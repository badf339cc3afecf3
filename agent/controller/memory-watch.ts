/**
 * Says when memory runs short, before the kernel ends one of our processes or the program's own
 * pages are read from flash again and again.
 */

import { after, micros, US_PER_S } from "../domain/units.ts";
import type { ProcessReport } from "../wire/frame.ts";
import type { Clock, Disarm, Log, MemoryRoom, ProcessUsage, Timers } from "./ports.ts";

export interface MemoryWatchParts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Timers;
  readonly log: Log;
  /** null: nobody tells. */
  read(): MemoryRoom | null;
  /** Pages that each of our processes had to read from the disk so far, by pid. */
  faults(): ReadonlyMap<number, number>;
}

/** Of the processes in a report, by pid. */
export function faultsOf(
  usage: (pid: number) => ProcessUsage | null,
  report: ProcessReport | null,
): ReadonlyMap<number, number> {
  const pids = report === null ? [] : [report.controller.pid, report.worker.pid];
  return new Map(
    pids.filter((pid) => pid !== null).map((pid) => [pid, usage(pid)?.major_faults ?? 0]),
  );
}

const INTERVAL = micros(15 * US_PER_S);
/** Short is less than a tenth of the limit, of large ones less than this. */
const SHARE = 0.1;
const SHORT_MAX_BYTES = 16e6;
/**
 * The kernel moves what it is about to give up to the idle page cache, so a thrashing group seems
 * to have room. Pages of a program that has started are read again only when memory is short.
 */
const FAULTS_PER_INTERVAL = 300;
/** It ends with half as much again, so that a line of log does not come every time. */
const END_FACTOR = 1.5;

export class MemoryWatch {
  readonly #parts: MemoryWatchParts;
  #room: MemoryRoom | null = null;
  #isShort = false;
  #faults: ReadonlyMap<number, number> = new Map();
  #newFaults = 0;
  #disarm: Disarm = () => {};

  constructor(parts: MemoryWatchParts) {
    this.#parts = parts;
  }

  /** As last read; null: nobody tells. */
  get room(): MemoryRoom | null {
    return this.#room;
  }

  problems(): readonly string[] {
    return this.#isShort && this.#room !== null ? [wording(this.#room, this.#newFaults)] : [];
  }

  start(): void {
    this.look();
    const { clock, timers } = this.#parts;
    this.#disarm = timers.arm(after(clock.monotonic(), INTERVAL), () => this.start());
  }

  stop(): void {
    this.#disarm();
  }

  look(): void {
    const room = this.#parts.read();
    this.#room = room;
    const wasShort = this.#isShort;
    this.#countFaults();
    this.#isShort = room !== null && (isThrashing(this.#newFaults) || isShort(room, wasShort));
    if (room === null || this.#isShort === wasShort) return;
    if (this.#isShort) this.#parts.log.warn(wording(room, this.#newFaults));
    else
      this.#parts.log.info("memory suffices again", { available: megabytes(room.available_bytes) });
  }

  /** A process that starts reads all of its pages, so what it had at its first look counts 0. */
  #countFaults(): void {
    const faults = this.#parts.faults();
    this.#newFaults = 0;
    for (const [pid, count] of faults) this.#newFaults += count - (this.#faults.get(pid) ?? count);
    this.#faults = faults;
  }
}

function isThrashing(newFaults: number): boolean {
  return newFaults >= FAULTS_PER_INTERVAL;
}

function isShort({ limit_bytes, available_bytes }: MemoryRoom, wasShort: boolean): boolean {
  const least = Math.min(limit_bytes * SHARE, SHORT_MAX_BYTES);
  return available_bytes < (wasShort ? least * END_FACTOR : least);
}

function wording(room: MemoryRoom, newFaults: number): string {
  const { bound, limit_bytes, available_bytes } = room;
  const again = `${newFaults} pages of the program read again in ${INTERVAL / US_PER_S} s`;
  const left = isThrashing(newFaults)
    ? `${megabytes(limit_bytes)}, ${again}`
    : `${megabytes(available_bytes)} of ${megabytes(limit_bytes)} left`;
  const advice = bound === "machine" ? "end other programs" : "raise its limit (MemoryMax=)";
  return `memory of the ${bound} is short, ${left}: ${advice}, or watch fewer paths`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
