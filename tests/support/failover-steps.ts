/**
 * Step tables for the failover engine: a script of moments and inputs, and what the engine asked
 * for, one short line per effect. A switch is answered at once unless the script says otherwise.
 */

import type { PolicyConfig } from "../../agent/domain/config.ts";
import { pathId } from "../../agent/domain/ids.ts";
import { statusOf } from "../../agent/domain/status.ts";
import type { Instant } from "../../agent/domain/units.ts";
import { instant, micros, US_PER_S } from "../../agent/domain/units.ts";
import type { OperatorCommand } from "../../agent/engine/failover/command.ts";
import type { FailoverEffect, FailoverEvent } from "../../agent/engine/failover/effect.ts";
import { FailoverEngine } from "../../agent/engine/failover/engine.ts";
import type {
  FailoverInput,
  FailoverPath,
  HardDownCause,
  PathCondition,
  RouteFamily,
} from "../../agent/engine/failover/input.ts";

export function policyConfig(change: Partial<PolicyConfig> = {}): PolicyConfig {
  return {
    id: 1,
    name: "all",
    primary: "fiber",
    backups: ["lte", "dsl"],
    failover_threshold: 50,
    failback_threshold: 80,
    failback_delay_secs: 60,
    backup_threshold: 50,
    min_improvement: 15,
    dwell_secs: 10,
    enabled: true,
    route: {
      match: [{ from: null, to: "default", fwmark: null, iif: null }],
      ipv6: "report",
    },
    all_down: "hold",
    flows: "reset-on-hard-down",
    ...change,
  };
}

export function failoverPaths(
  ids: readonly string[] = ["fiber", "lte", "dsl"],
  measured: readonly RouteFamily[] = [4],
): readonly FailoverPath[] {
  return ids.map((id) => ({ id: pathId(id), measured }));
}

export function seconds(at: number): Instant {
  return instant(at * US_PER_S);
}

/** A score, "unknown", or why it is hard-down. */
export type State = number | "unknown" | HardDownCause;

export interface Told {
  readonly family?: RouteFamily;
  readonly suspect?: boolean;
  /** Seconds since the newest reply; default 0, never for what is down. */
  readonly silent?: number | null;
}

export function condition(
  path: string,
  state: State,
  now: Instant,
  told: Told = {},
): PathCondition {
  const isDown = typeof state === "string" && state !== "unknown";
  const score = typeof state === "number" ? state : isDown ? 0 : null;
  const silent = told.silent === undefined ? (isDown ? null : 0) : told.silent;
  return {
    path: pathId(path),
    family: told.family ?? 4,
    score,
    status: score === null ? "unknown" : statusOf(score >= 80 ? 1 : score >= 50 ? 2 : 3),
    hardDown: isDown ? (state as HardDownCause) : null,
    suspect: told.suspect ?? false,
    newestReply: silent === null ? null : instant(now - silent * US_PER_S),
    window: null,
  };
}

export const SIGNED = { author: "ann", reason: "" };

export interface ScriptOptions {
  readonly policies?: readonly PolicyConfig[];
  readonly paths?: readonly FailoverPath[];
  /** false: the script answers switches itself. */
  readonly answers?: boolean;
}

export class FailoverScript {
  readonly engine = new FailoverEngine();
  readonly effects: FailoverEffect[] = [];
  readonly answers: boolean;
  now = seconds(0);
  #seen = 0;
  #told = 0;

  constructor({ policies, paths, answers = true }: ScriptOptions = {}) {
    this.answers = answers;
    const configured = policies ?? [policyConfig()];
    this.give({ kind: "policies", policies: configured, paths: paths ?? failoverPaths() });
  }

  /** The usual start: traffic on `table`, all paths at 100. */
  started(table = "fiber"): this {
    this.adopt({ table: pathId(table) });
    for (const path of ["fiber", "lte", "dsl"]) this.tell(path, 100);
    this.take();
    return this;
  }

  adopt(kernel: { table?: string | null; main?: string | null; family?: RouteFamily }): this {
    const name = (path: string | null | undefined) => (path == null ? null : pathId(path));
    const { family = 4 } = kernel;
    const table = name(kernel.table);
    return this.give({ kind: "adopted", policy: 1, family, table, main: name(kernel.main) });
  }

  tell(path: string, state: State, told: Told = {}): this {
    return this.give({ kind: "condition", ...condition(path, state, this.now, told) });
  }

  /** One call with several conditions. */
  tellAll(states: Readonly<Record<string, State>>, told: Told = {}): this {
    const inputs = Object.entries(states).map(([path, state]) => {
      return { kind: "condition", ...condition(path, state, this.now, told) } as const;
    });
    return this.give(...inputs);
  }

  command(command: OperatorCommand): this {
    return this.give({ kind: "command", command });
  }

  give(...inputs: readonly FailoverInput[]): this {
    const effects = this.engine.handle(inputs, this.now);
    this.effects.push(...effects);
    const orders = effects.filter((effect) => effect.kind === "switch");
    if (!this.answers) return this;
    for (const { order } of orders) {
      this.give({ kind: "switched", order, duration: micros(500) });
    }
    return this;
  }

  /** Lets time pass, waking the engine whenever it asked for it. */
  at(second: number): this {
    const end = seconds(second);
    for (;;) {
      const next = this.engine.nextWakeup();
      if (next === null || next > end) break;
      this.now = instant(Math.max(this.now, next));
      const before = this.effects.length;
      this.give();
      const isStuck = this.engine.nextWakeup() === next && this.effects.length === before;
      if (isStuck) throw new Error(`woken at ${next} for nothing`);
    }
    this.now = end;
    return this;
  }

  /** What was asked for since the last call, without what is asked for all the time. */
  take(...kinds: readonly FailoverEffect["kind"][]): string[] {
    const fresh = this.effects.slice(this.#seen);
    this.#seen = this.effects.length;
    const wanted = kinds.length === 0 ? ["record", "switch", "all-down", "lay-route"] : kinds;
    return fresh.filter(({ kind }) => wanted.includes(kind)).map(line);
  }

  events(): FailoverEvent[] {
    return this.effects.flatMap((effect) => (effect.kind === "record" ? [effect.event] : []));
  }

  /** How moves ended since the last call: "fiber>lte score", "failed lte> all-down". */
  outcomes(): string[] {
    const fresh = this.events().slice(this.#told);
    this.#told += fresh.length;
    return fresh.flatMap(({ type, from, to, cause }) => {
      if (type === "completed") return [`${from}>${to} ${cause}`];
      return type === "failed" ? [`failed ${from}>${to ?? ""} ${cause}`] : [];
    });
  }

  /** Moves that were completed: "fiber>lte (score)". */
  moves(): string[] {
    return this.events()
      .filter(({ type }) => type === "completed")
      .map(({ from, to, cause }) => `${from}>${to} (${cause})`);
  }

  active(family: RouteFamily = 4): string | null {
    const snapshot = this.engine.snapshot(1);
    return (family === 4 ? snapshot?.ipv4.active : snapshot?.ipv6.active) ?? null;
  }

  obstacles(): string[] {
    const decision = this.engine.explain(1, 4, this.now)?.decision;
    if (decision?.kind !== "stay") return [decision?.kind ?? "none"];
    return decision.obstacles.map((one) => {
      const left = "until" in one && one.until !== null ? (one.until - this.now) / US_PER_S : null;
      const path = "path" in one ? ` ${one.path}` : "";
      return `${one.kind}${path}${left === null ? "" : ` ${left} s`}`;
    });
  }
}

/** A moment, what happens then, and how moves end up to and including it; [] means none. */
export interface Step {
  readonly at: number;
  readonly tell?: Readonly<Record<string, State>>;
  readonly told?: Told;
  readonly order?: OperatorCommand;
  readonly give?: readonly FailoverInput[];
  readonly want: readonly string[];
}

export function wanted(steps: readonly Step[]): string[][] {
  return steps.map(({ at, want }) => [`${at} s`, ...want]);
}

/** Plays the steps; to be compared with wanted(). */
export function played(script: FailoverScript, steps: readonly Step[]): string[][] {
  return steps.map((step) => {
    script.at(step.at);
    if (step.tell !== undefined) script.tellAll(step.tell, step.told);
    if (step.order !== undefined) script.command(step.order);
    if (step.give !== undefined) script.give(...step.give);
    return [`${step.at} s`, ...script.outcomes()];
  });
}

export function pin(path: string, mode: "strict" | "safe", forSeconds?: number): OperatorCommand {
  const expiresAfter = forSeconds === undefined ? null : micros(forSeconds * US_PER_S);
  return { ...SIGNED, action: "pin", policy: 1, path: pathId(path), mode, expiresAfter };
}

export function hold(strict: boolean, forSeconds?: number): OperatorCommand {
  const expiresAfter = forSeconds === undefined ? null : micros(forSeconds * US_PER_S);
  return { ...SIGNED, action: "hold", policy: 1, strict, expiresAfter };
}

export function maintenance(path: string, on: boolean, forSeconds?: number): OperatorCommand {
  const expiresAfter = forSeconds === undefined ? null : micros(forSeconds * US_PER_S);
  return { ...SIGNED, action: "maintenance", path: pathId(path), on, expiresAfter };
}

export function plain(action: "unpin" | "release" | "enable" | "disable"): OperatorCommand {
  return { ...SIGNED, action, policy: 1 };
}

export function switchTo(path: string): OperatorCommand {
  return { ...SIGNED, action: "switch", policy: 1, path: pathId(path) };
}

function line(effect: FailoverEffect): string {
  switch (effect.kind) {
    case "record": {
      const { type, from, to, cause } = effect.event;
      return cause === null ? type : `${type} ${from}>${to ?? ""} (${cause})`;
    }
    case "switch":
      return `switch ${effect.from}>${effect.to} ${effect.flows}`;
    case "lay-route":
      return `lay ${effect.path}`;
    case "verify":
    case "warm-up":
      return `${effect.kind} ${effect.path}/${effect.family}`;
    case "all-down":
      return `all-down ${effect.phase} ${effect.handling}`;
    case "audit": {
      const { action, author, outcome, detail } = effect.record;
      return `${action} by ${author}: ${outcome}${detail === "" ? "" : ` (${detail})`}`;
    }
    case "persist":
      return "persist";
  }
}
