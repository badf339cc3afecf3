/**
 * Which alerts fire, and what is told of them. Conditions become instances of rules; an instance is
 * told when it has lasted, nothing explains it, and neither maintenance nor quiet hours forbid it;
 * what is told is told to be over exactly once. Messages are made a moment after the first cause,
 * so that what follows from it is in the same one, below it. Pure: time comes in, effects go out.
 */

import type { Alert } from "../../domain/alerts.ts";
import { isAtLeast } from "../../domain/alerts.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import { after, earliest, micros, US_PER_S, unixMillis } from "../../domain/units.ts";
import { explains, isAbsorbed, isInMaintenance } from "./causes.ts";
import type { Condition } from "./conditions.ts";
import { Conditions } from "./conditions.ts";
import type { AlertEffect, AlertInput, AlertSettings, Now } from "./input.ts";
import type { Instance } from "./instance.ts";
import {
  alertOf,
  dueAt,
  endAt,
  instanceKey,
  newInstance,
  orphanRule,
  restoredInstance,
  saved,
  subjectOf,
  watches,
} from "./instance.ts";
import type { Addressed } from "./messages.ts";
import { messages, reachOf } from "./messages.ts";
import type { SavedAlerts } from "./persisted.ts";
import { ALERTS_VERSION } from "./persisted.ts";
import { Roots } from "./roots.ts";
import { isQuiet } from "./wall-time.ts";

/** How often it is looked whether quiet hours are over: the wall clock may step. */
const QUIET_LOOK = micros(60 * US_PER_S);

/** An instance as a surface shows it. */
export interface AlertState {
  readonly alert: Alert;
  /** waiting: not long enough yet; hidden: something explains it; muted: not to be told now. */
  readonly state: "firing" | "waiting" | "hidden" | "muted" | "ending";
}

/** What holds at one moment for every instance. */
interface Moment {
  readonly now: Now;
  readonly roots: Roots;
  isMuted(one: Instance): boolean;
}

export class AlertEngine {
  #settings: AlertSettings;
  readonly #conditions: Conditions;
  readonly #instances = new Map<string, Instance>();
  #maintained: ReadonlySet<PathId> = new Set();
  #sequence = 0;
  /** When the message that is being gathered leaves; null: none is. */
  #groupAt: Instant | null = null;
  #wakeAt: Instant | null = null;
  #isDirty = false;
  #reach = new Map<string, ReadonlySet<string>>();

  constructor(settings: AlertSettings) {
    this.#settings = settings;
    this.#conditions = new Conditions(settings);
  }

  /** Other rules, channels or paths: what was told and is gone is told to be over. */
  configure(settings: AlertSettings): void {
    this.#settings = settings;
    this.#conditions.configure(settings);
    this.#reach = new Map();
    const byName = new Map(settings.rules.map((rule) => [rule.name, rule]));
    for (const [key, one] of this.#instances) {
      const alert = one.told?.alert;
      // Untold ones of a rule that is gone go with it.
      const rule =
        byName.get(one.rule.name) ?? (alert === undefined ? one.rule : orphanRule(alert));
      this.#instances.set(key, { ...one, rule });
    }
  }

  /** What was told before a restart, once, before the first input. */
  restore({ sequence, alerts }: SavedAlerts, now: Now): void {
    this.#sequence = sequence;
    const byName = new Map(this.#settings.rules.map((rule) => [rule.name, rule]));
    for (const one of alerts) {
      const rule = byName.get(one.alert.rule) ?? orphanRule(one.alert);
      const instance = restoredInstance(one, rule, now);
      this.#instances.set(instanceKey(rule, one.key), instance);
      if (instance.over === null) this.#conditions.restore(instance.condition, now.at);
    }
    // Paths and policies that are gone since.
    this.#conditions.configure(this.#settings);
  }

  handle(inputs: readonly AlertInput[], now: Now): AlertEffect[] {
    for (const input of inputs) {
      if (input.kind === "maintenance") this.#maintained = new Set(input.paths);
      else this.#conditions.take(input, now.at);
    }
    this.#conditions.expire(now.at);
    this.#follow(now);
    const effects = this.#tell(now);
    if (this.#isDirty) effects.push({ kind: "persist", state: this.#saved() });
    this.#isDirty = false;
    return effects;
  }

  /** When `handle` should be called with no input at the latest; null: never. */
  nextWakeup(): Instant | null {
    return this.#wakeAt;
  }

  /** Told, and not told to be over. */
  firing(): readonly Alert[] {
    return [...this.#instances.values()].flatMap(({ told }) => (told === null ? [] : [told.alert]));
  }

  /** Those that this channel was told of. */
  firingOn(channel: string): readonly Alert[] {
    return [...this.#instances.values()].flatMap(({ told, over }) =>
      told?.channels.includes(channel) === true && over === null ? [told.alert] : [],
    );
  }

  /** Everything that is wrong by some rule, and why it is not told. */
  states(now: Now): readonly AlertState[] {
    const moment = this.#moment(now);
    return [...this.#instances.values()].map((one) => ({
      alert: one.told?.alert ?? alertOf(one, [], now),
      state: stateOf(one, moment),
    }));
  }

  // --- from conditions to instances --------------------------------------------------------------

  #follow(now: Now): void {
    for (const condition of this.#conditions.values()) {
      for (const rule of this.#settings.rules) {
        if (!watches(rule, condition)) continue;
        const key = instanceKey(rule, condition.key);
        const known = this.#instances.get(key);
        if (known === undefined) this.#instances.set(key, newInstance(rule, condition, now.at));
        else this.#goOn(known, condition);
      }
    }
    for (const [key, one] of this.#instances) {
      const condition = this.#conditions.get(one.condition.key);
      const isThere = condition !== null && this.#settings.rules.includes(one.rule);
      if (isThere && watches(one.rule, condition)) continue;
      if (one.told === null) this.#instances.delete(key);
      else if (one.over === null) this.#end(one, now);
    }
  }

  #goOn(one: Instance, condition: Instance["condition"]): void {
    one.condition = condition;
    if (one.over === null) return;
    one.over = null;
    this.#isDirty = true;
  }

  #end(one: Instance, now: Now): void {
    one.over = { at: now.at, wall: unixMillis(Math.floor(now.wall)) };
    this.#isDirty = true;
  }

  // --- from instances to messages ----------------------------------------------------------------

  #tell(now: Now): AlertEffect[] {
    const effects: AlertEffect[] = [];
    // What an ended cause has hidden is looked at again.
    while (this.#leave(effects, now)) this.#isDirty = true;
    const moment = this.#moment(now);
    this.#wakeAt = this.#nextWakeup([...this.#instances.values()], moment);
    return effects;
  }

  /** Sends the message that was gathered, if it is time; false: nothing was sent. */
  #leave(effects: AlertEffect[], now: Now): boolean {
    const moment = this.#moment(now);
    const all = [...this.#instances.values()];
    const fires = all.filter((one) => isReady(one, moment));
    const ends = all.filter((one) => isEnding(one, moment));
    const hasWork = fires.length > 0 || ends.length > 0;
    const group = micros(this.#settings.groupSecs * US_PER_S);
    this.#groupAt = hasWork ? (this.#groupAt ?? after(now.at, group)) : null;
    if (this.#groupAt === null || now.at < this.#groupAt) return false;
    this.#groupAt = null;
    this.#absorb(all, moment);
    effects.push(...this.#send(this.#begin(fires, now), now));
    effects.push(...this.#send(this.#finish(ends), now));
    return true;
  }

  /** Moves that are told as a part of their cause stay so when the cause is over. */
  #absorb(all: readonly Instance[], { roots, now }: Moment): void {
    for (const one of all) {
      const { type } = one.condition;
      const isPart = one.told === null && isAbsorbed(type) && roots.hiding(one, now) !== null;
      if (isPart) one.absorbed = true;
    }
  }

  #begin(fires: readonly Instance[], now: Now): Addressed[] {
    const all = [...this.#conditions.values()];
    const moves = all.filter(({ type }) => isAbsorbed(type));
    return fires.map((one) => {
      const parts = one.condition.type === "all-down" ? all : moves;
      const alert = alertOf(one, this.#consequences(one.condition, parts), now);
      const channels = [...this.#reachOf(one)];
      one.told = { alert, channels };
      return { alert, channels };
    });
  }

  #finish(ends: readonly Instance[]): Addressed[] {
    return ends.flatMap(({ rule, condition, told, over }) => {
      this.#instances.delete(instanceKey(rule, condition.key));
      if (told === null || over === null) return [];
      const alert: Alert = { ...told.alert, status: "resolved", resolved_at_ms: over.wall };
      const hearing = this.#settings.channels.filter(({ sendResolved }) => sendResolved);
      const names = hearing.map(({ name }) => name).filter((name) => told.channels.includes(name));
      return [{ alert, channels: names }];
    });
  }

  #send(addressed: readonly Addressed[], now: Now): readonly AlertEffect[] {
    const { effects, sequence } = messages(addressed, now.wall, this.#sequence);
    this.#sequence = sequence;
    return effects;
  }

  /** What is not told because of this one, and is more than the same in other words. */
  #consequences(root: Condition, parts: readonly Condition[]): string[] {
    const { policies } = this.#settings;
    return parts
      .filter(({ type }) => isAbsorbed(type) || type === "path-down")
      .filter((part) => explains(root, part, policies))
      .map(({ summary }) => summary);
  }

  // --- what holds at a moment --------------------------------------------------------------------

  #moment(now: Now): Moment {
    const { policies, groupSecs, quietHours } = this.#settings;
    const quiet =
      this.#instances.size === 0 ? [] : quietHours.filter((one) => isQuiet(one, now.wall));
    const isMuted = (one: Instance) =>
      isInMaintenance(subjectOf(one), this.#maintained, policies) ||
      quiet.some(({ pass }) => !isAtLeast(one.rule.severity, pass));
    const group = micros(groupSecs * US_PER_S);
    const reach = (one: Instance) => this.#reachOf(one);
    const roots = new Roots(this.#instances.values(), { policies, group, reach, isMuted });
    return { now, roots, isMuted };
  }

  #reachOf({ rule }: Instance): ReadonlySet<string> {
    const known = this.#reach.get(rule.name) ?? reachOf(rule, this.#settings.channels);
    this.#reach.set(rule.name, known);
    return known;
  }

  #nextWakeup(all: readonly Instance[], { now, isMuted }: Moment): Instant | null {
    let next = earliest(this.#groupAt, this.#conditions.nextWakeup());
    for (const one of all) {
      const due = one.told === null && !one.absorbed ? dueAt(one) : endAt(one);
      if (due !== null && due > now.at) next = earliest(next, due);
      else if (due !== null && this.#settings.quietHours.length > 0 && isMuted(one)) {
        next = earliest(next, after(now.at, QUIET_LOOK));
      }
    }
    return next;
  }

  #saved(): SavedAlerts {
    const alerts = [...this.#instances.values()].flatMap(saved);
    return { version: ALERTS_VERSION, sequence: this.#sequence, alerts };
  }
}

/** To be told that it fires. */
function isReady(one: Instance, { now, roots, isMuted }: Moment): boolean {
  if (one.told !== null || one.absorbed || dueAt(one) > now.at || isMuted(one)) return false;
  return roots.hiding(one, now) === null;
}

/** To be told that it is over. */
function isEnding(one: Instance, { now, isMuted }: Moment): boolean {
  const end = endAt(one);
  return one.told !== null && end !== null && end <= now.at && !isMuted(one);
}

function stateOf(one: Instance, { now, roots, isMuted }: Moment): AlertState["state"] {
  if (one.told !== null) return one.over === null ? "firing" : "ending";
  if (one.absorbed || roots.hiding(one, now) !== null) return "hidden";
  if (isMuted(one)) return "muted";
  return "waiting";
}
