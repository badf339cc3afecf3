/**
 * The number that keepalived reads: how well this box reaches the internet. It is written on a
 * change only, and not more often than the dwell time allows, because each change may move the
 * gateway address of a whole LAN; that nothing works any more waits for nothing.
 */

import type { TrackFileConfig, TrackValues } from "../../domain/hooks.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Status } from "../../domain/status.ts";
import type { Instant } from "../../domain/units.ts";
import { after, between, micros, US_PER_S } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";

/** Replaces the file as a whole; null or why not. */
export type WriteNumber = (path: string, value: number) => string | null;

export interface TrackFileParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly write: WriteNumber;
}

type State = keyof TrackValues;
/** IPv4 stands for the policy where both are known: keepalived moves mostly its addresses. */
const FAMILIES = [4, 6] as const;
type FamilyOf = (typeof FAMILIES)[number];

export class TrackFile {
  readonly #config: TrackFileConfig;
  readonly #primary: PathId | null;
  readonly #parts: TrackFileParts;
  readonly #states = new Map<FamilyOf, State>();
  readonly #allDown = new Set<FamilyOf>();
  #wanted: State | null = null;
  #written: number | null = null;
  #writtenAt: Instant | null = null;
  #disarm: Disarm | null = null;
  #isStopped = false;

  /** `primary`: of the policy; null when a path is followed. */
  constructor(config: TrackFileConfig, primary: PathId | null, parts: TrackFileParts) {
    this.#config = config;
    this.#primary = primary;
    this.#parts = parts;
  }

  /** The last number written; null: none yet. */
  get value(): number | null {
    return this.#written;
  }

  /** Traffic of a policy goes by this path: at the start (adopted) and after every switch. */
  activeChanged(policy: number, family: FamilyOf, path: PathId): void {
    if (!this.#follows(policy)) return;
    this.#states.set(family, path === this.#primary ? "primary" : "backup");
    this.#judge();
  }

  allDown(policy: number, family: FamilyOf, isDown: boolean): void {
    if (!this.#follows(policy)) return;
    if (isDown) this.#allDown.add(family);
    else this.#allDown.delete(family);
    this.#judge();
  }

  /** A completed move says where traffic goes; an all-down that it goes nowhere. */
  take({ type, policy, family, to, cause }: FailoverEvent): void {
    if (family === null) return;
    if (type === "failed" && cause === "all-down") this.allDown(policy, family, true);
    if (type !== "completed" || to === null) return;
    this.#allDown.delete(family);
    this.activeChanged(policy, family, to);
  }

  statusChanged(path: PathId, status: Status): void {
    const { of } = this.#config;
    if (of.kind !== "path" || of.path !== path) return;
    const states = { up: "primary", degraded: "backup", down: "down", unknown: null } as const;
    const state = states[status];
    if (state !== null) this.#want(state);
  }

  /** The file stays as it is: keepalived goes on with the last number. */
  stop(): void {
    this.#isStopped = true;
    this.#disarm?.();
    this.#disarm = null;
  }

  #follows(policy: number): boolean {
    const { of } = this.#config;
    return of.kind === "policy" && of.policy === policy;
  }

  #judge(): void {
    const known = FAMILIES.find((family) => this.#states.has(family) || this.#allDown.has(family));
    if (known === undefined) return;
    const state = this.#allDown.has(known) ? "down" : this.#states.get(known);
    if (state !== undefined) this.#want(state);
  }

  #want(state: State): void {
    this.#wanted = state;
    this.#settle();
  }

  #settle(): void {
    if (this.#wanted === null || this.#isStopped) return;
    this.#disarm?.();
    this.#disarm = null;
    const value = this.#config.values[this.#wanted];
    if (value === this.#written) return;
    const { clock, timers } = this.#parts;
    const dueAt = this.#dueAt();
    if (this.#wanted === "down" || dueAt === null || between(clock.monotonic(), dueAt) <= 0) {
      this.#write(value);
    } else {
      this.#disarm = timers.arm(dueAt, () => this.#settle());
    }
  }

  /** null: nothing was written yet. */
  #dueAt(): Instant | null {
    if (this.#writtenAt === null) return null;
    return after(this.#writtenAt, micros(this.#config.dwell_secs * US_PER_S));
  }

  #write(value: number): void {
    const { clock, log, timers, write } = this.#parts;
    const { path } = this.#config;
    const reason = write(path, value);
    this.#writtenAt = clock.monotonic();
    if (reason === null) {
      this.#written = value;
      log.info("track file written", { path, value });
      return;
    }
    log.warn("cannot write the track file", { path, value, reason });
    const again = after(this.#writtenAt, micros(RETRY_S * US_PER_S));
    this.#disarm = timers.arm(again, () => this.#settle());
  }
}

/** A folder that is missing at boot comes with the service that makes it. */
const RETRY_S = 5;
