/**
 * Holds the verdict on an active path whose device still receives unicast traffic: its probes may
 * be filtered. For ten seconds at the most; then silence is death after all. Off unless a path has
 * `rx_evidence`.
 */

import type { PathConfig } from "../../domain/config.ts";
import type { PathIndex } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import { after, instant, micros, US_PER_S } from "../../domain/units.ts";
import type { Clock, Disarm, Timers } from "../ports.ts";
import type { RxCount } from "./evidence.ts";
import { RxEvidence } from "./evidence.ts";

const HOLD = micros(10 * US_PER_S);
/** A verdict may come 300 ms behind the beginning of the silence. */
const READ_INTERVAL = micros(US_PER_S / 4);

export interface VerdictHoldParts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Timers;
  /** Counters of a device; null: it cannot be read. */
  read(device: string): RxCount | null;
  /** Some policy sends its traffic by this path. */
  isActive(path: PathIndex): boolean;
}

interface Held {
  readonly since: Instant;
  readonly until: Instant;
  readonly release: () => void;
}

export class VerdictHold {
  readonly #parts: VerdictHoldParts;
  /** By path, of those that have `rx_evidence`. */
  #devices = new Map<number, string>();
  #evidence = new Map<string, RxEvidence>();
  readonly #held = new Map<number, Held>();
  #disarm: Disarm = () => {};

  constructor(parts: VerdictHoldParts) {
    this.#parts = parts;
  }

  configure(paths: readonly Pick<PathConfig, "interface" | "rx_evidence">[]): void {
    this.clear();
    this.#disarm();
    this.#devices = new Map(
      paths.flatMap(({ interface: device, rx_evidence }, path) =>
        rx_evidence && device !== null ? [[path, device] as const] : [],
      ),
    );
    const devices = [...new Set(this.#devices.values())];
    this.#evidence = new Map(
      devices.map((device) => [device, this.#evidence.get(device) ?? new RxEvidence()]),
    );
    if (devices.length > 0) this.#watch();
  }

  /** True: silent since `sinceUs` is not down yet; `release` is called once, when it is. */
  holds(path: PathIndex, sinceUs: number, release: () => void): boolean {
    const device = this.#devices.get(path);
    const evidence = device === undefined ? undefined : this.#evidence.get(device);
    if (evidence === undefined || !this.#parts.isActive(path)) return false;
    const since = instant(sinceUs);
    this.#readAll();
    if (!evidence.holds(since)) return false;
    const until = after(this.#parts.clock.monotonic(), HOLD);
    this.#held.set(path, { since, until, release });
    return true;
  }

  isHeld(path: number): boolean {
    return this.#held.has(path);
  }

  /** The path answered, or nobody judges it any more. */
  end(path: PathIndex): void {
    this.#held.delete(path);
  }

  clear(): void {
    this.#held.clear();
  }

  stop(): void {
    this.clear();
    this.#disarm();
  }

  #watch(): void {
    const { clock, timers } = this.#parts;
    this.#readAll();
    this.#weigh();
    this.#disarm = timers.arm(after(clock.monotonic(), READ_INTERVAL), () => this.#watch());
  }

  #readAll(): void {
    const now = this.#parts.clock.monotonic();
    for (const [device, evidence] of this.#evidence) evidence.note(now, this.#parts.read(device));
  }

  #weigh(): void {
    const now = this.#parts.clock.monotonic();
    for (const [path, { since, until, release }] of [...this.#held]) {
      const evidence = this.#evidence.get(this.#devices.get(path) ?? "");
      if (now < until && evidence?.holds(since) === true) continue;
      this.#held.delete(path);
      release();
    }
  }
}
