/**
 * One policy: its configuration, what operators ordered for it, and its two tracks. IPv6 is decided
 * by itself where at least two of its paths are measured in IPv6, else it follows IPv4.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import { earliest } from "../../domain/units.ts";
import type { Kernel } from "./adoption.ts";
import { pathsOf } from "./contender.ts";
import type { Decision, Move, MoveCause } from "./decision.ts";
import { policyEvent } from "./event.ts";
import type { FailoverPath, PathCondition, RouteFamily } from "./input.ts";
import { ROUTE_FAMILIES } from "./input.ts";
import type { Hold, Override, Overrides, Pin } from "./override.ts";
import { isExpired, persistOverride, restoreOverride } from "./override.ts";
import type { Elapsed, PersistedPolicy } from "./persisted.ts";
import { spanOf } from "./persisted.ts";
import { Track } from "./track.ts";
import type { Turn } from "./turn.ts";

/** On fewer paths than that a score compares with nothing. */
const MEASURED_MIN = 2;

export class Policy {
  #config: PolicyConfig;
  readonly #tracks: Readonly<Record<RouteFamily, Track>>;
  #follows = true;
  #enabledByOperator: boolean | null = null;
  #pin: Pin | null = null;
  #hold: Hold | null = null;
  #failovers = 0;
  #failbacks = 0;

  constructor(config: PolicyConfig, paths: readonly FailoverPath[]) {
    this.#config = config;
    this.#tracks = { 4: new Track(config, 4), 6: new Track(config, 6) };
    this.#measure(paths);
  }

  #measure(paths: readonly FailoverPath[]): void {
    const own = pathsOf(this.#config);
    const measured = paths.filter(({ id, measured }) => own.includes(id) && measured.includes(6));
    this.#follows = measured.length < MEASURED_MIN;
  }

  get config(): PolicyConfig {
    return this.#config;
  }

  get isEnabled(): boolean {
    return this.#enabledByOperator ?? this.#config.enabled;
  }

  get overrides(): Overrides {
    return { pin: this.#pin, hold: this.#hold };
  }

  /** Moves that were not a return, and returns; both families. */
  get counts(): { readonly failovers: number; readonly failbacks: number } {
    return { failovers: this.#failovers, failbacks: this.#failbacks };
  }

  track(family: RouteFamily): Track {
    return this.#tracks[family];
  }

  /** The track that this one follows; null: it is decided by itself. */
  leadOf(family: RouteFamily): Track | null {
    return family === 6 && this.#follows ? this.#tracks[4] : null;
  }

  has(path: PathId): boolean {
    return pathsOf(this.#config).includes(path);
  }

  /** Takes over a configuration that differs; the operator's word ends where the flag changed. */
  adjust(config: PolicyConfig, turn: Turn): void {
    if (config.enabled !== this.#config.enabled) this.#enabledByOperator = null;
    this.#config = config;
    for (const family of ROUTE_FAMILIES) this.#tracks[family].adjust(config, turn);
    if (this.#pin !== null && !this.has(this.#pin.path)) this.#endPin("its path is gone", turn);
    turn.persist();
  }

  /** Which families are measured may change without the policy. */
  rewire(paths: readonly FailoverPath[]): void {
    this.#measure(paths);
  }

  /** The policy is removed; what was begun for it ends here. */
  end(turn: Turn): void {
    const reason = "removed from the configuration";
    for (const family of ROUTE_FAMILIES) this.#tracks[family].abandon(reason, turn);
    if (this.isEnabled) turn.record(policyEvent(this.#config, false, reason));
    turn.persist();
  }

  enable(enabled: boolean): void {
    this.#enabledByOperator = enabled === this.#config.enabled ? null : enabled;
  }

  setPin(pin: Pin | null): void {
    this.#pin = pin;
    for (const family of ROUTE_FAMILIES) this.#tracks[family].newPin();
  }

  setHold(hold: Hold | null): void {
    this.#hold = hold;
  }

  observe(condition: PathCondition, turn: Turn): void {
    this.#tracks[condition.family].observe(condition, turn);
  }

  observeAll(turn: Turn): void {
    for (const family of ROUTE_FAMILIES) this.#tracks[family].observeAll(turn);
  }

  /** A span was not observed. */
  void(turn: Turn): void {
    for (const family of ROUTE_FAMILIES) this.#tracks[family].void(turn);
  }

  detach(): void {
    for (const family of ROUTE_FAMILIES) this.#tracks[family].detach();
  }

  adopt(family: RouteFamily, kernel: Kernel, turn: Turn): void {
    const track = this.#tracks[family];
    const pending = track.pending;
    track.adopt(kernel, turn);
    if (pending !== null && track.active === pending.to) this.#count(pending.cause);
  }

  /** Time ran out for what operators ordered; true when something ended. */
  expire(turn: Turn): boolean {
    const pin = this.#pin;
    const hold = this.#hold;
    if (pin !== null && isExpired(pin, turn.now)) this.#endPin("its time is over", turn);
    if (hold !== null && isExpired(hold, turn.now)) {
      this.#hold = null;
      this.#audit("hold", hold, "its time is over", turn);
    }
    return pin !== this.#pin || hold !== this.#hold;
  }

  #endPin(detail: string, turn: Turn): void {
    const pin = this.#pin;
    if (pin === null) return;
    this.setPin(null);
    this.#audit("pin", pin, detail, turn);
  }

  #audit(action: string, { author, reason }: Override, detail: string, turn: Turn): void {
    const path = null;
    const policy = this.#config.id;
    turn.audit({ action, author, reason, policy, path, outcome: "expired", detail });
  }

  /** IPv4 first: IPv6 may follow it in the same turn. */
  evaluate(turn: Turn): void {
    if (!this.isEnabled) return;
    for (const family of ROUTE_FAMILIES) {
      this.#tracks[family].evaluate(this.overrides, this.leadOf(family), turn);
    }
  }

  decision(family: RouteFamily, turn: Pick<Turn, "book" | "now">): Decision {
    return this.#tracks[family].decision(this.overrides, this.leadOf(family), turn);
  }

  /** The track that waits for the answer to this order. */
  waitingFor(order: number): Track | null {
    const tracks = ROUTE_FAMILIES.map((family) => this.#tracks[family]);
    return tracks.find(({ pending }) => pending?.order === order) ?? null;
  }

  complete(track: Track, duration: Micros | null, turn: Turn): void {
    const cause = track.complete(duration, turn);
    if (cause !== null) this.#count(cause);
  }

  #count(cause: MoveCause): void {
    if (cause === "failback") this.#failbacks++;
    else this.#failovers++;
  }

  reject(track: Track, words: string, turn: Turn): void {
    track.reject(words, this.overrides, this.leadOf(track.family), turn);
  }

  /** Once, by the operator's order, in every family that decides by itself. */
  switchTo(move: Move, turn: Turn): void {
    for (const family of ROUTE_FAMILIES) {
      const track = this.#tracks[family];
      const isFree = track.isAdopted && track.pending === null && track.active !== move.to;
      if (isFree && this.leadOf(family) === null) track.order(move, turn);
    }
  }

  nextWakeup(): Instant | null {
    const { pin, hold } = this.overrides;
    const expiry = earliest(pin?.expiresAt ?? null, hold?.expiresAt ?? null);
    if (!this.isEnabled) return expiry;
    return earliest(expiry, earliest(this.#tracks[4].wakeAt, this.#tracks[6].wakeAt));
  }

  persisted(now: Instant): PersistedPolicy {
    const { pin, hold } = this.overrides;
    const pinned = (one: Pin) => ({
      ...persistOverride(one, now),
      path: one.path,
      mode: one.mode,
    });
    const held = (one: Hold) => ({ ...persistOverride(one, now), strict: one.strict });
    return {
      id: this.#config.id,
      enabled: this.#enabledByOperator,
      pin: pin === null ? null : pinned(pin),
      hold: hold === null ? null : held(hold),
      failovers: this.#failovers,
      failbacks: this.#failbacks,
      tracks: ROUTE_FAMILIES.map((family) => this.#tracks[family].persisted(now)),
    };
  }

  restore(state: PersistedPolicy, elapsed: Elapsed, now: Instant): void {
    const span = spanOf(elapsed);
    const { pin, hold } = state;
    this.#enabledByOperator = state.enabled;
    this.#failovers = state.failovers;
    this.#failbacks = state.failbacks;
    if (pin !== null && this.has(pin.path)) {
      const { path, mode } = pin;
      this.#pin = { ...restoreOverride(pin, span, now), path, mode };
    }
    if (hold !== null) {
      this.#hold = { ...restoreOverride(hold, span, now), strict: hold.strict };
    }
    for (const track of state.tracks) this.#tracks[track.family].restore(track, elapsed, now);
  }
}
