/**
 * Everything outside of this program that is told of failovers as they happen: hooks and the file
 * of keepalived. Made only when one of them is configured; nothing here waits or throws.
 */

import type { AgentConfig } from "../../domain/config.ts";
import type { TrackFileConfig } from "../../domain/hooks.ts";
import { pathId } from "../../domain/ids.ts";
import type { UnixMillis } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import { createHookRunner } from "../../io/hooks/runner.ts";
import { writeTrackFile } from "../../io/hooks/track-file.ts";
import type { PolicyDecision } from "../../routing/plan-of-config.ts";
import { TrackFile } from "../coordination/track-file.ts";
import type { AllDownEffect } from "../failover/listener.ts";
import type { Clock, Log, Timers } from "../ports.ts";
import type { PathChange } from "./environment.ts";
import type { HookCounts, HookSettings } from "./hooks.ts";
import { Hooks } from "./hooks.ts";

export interface NoticeParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** What the engine decided of a policy; null: it does not know it. */
export interface Whereabouts {
  decisionOf(policy: number): Pick<PolicyDecision, "choice"> | null;
}

export class Notices {
  readonly #parts: NoticeParts;
  readonly #hooks: Hooks;
  #track: TrackFile | null = null;
  /** As JSON: an unchanged file keeps what it knows through a reload. */
  #trackText = "";
  #trackedPolicy: number | null = null;

  constructor(config: AgentConfig, parts: NoticeParts) {
    this.#parts = parts;
    this.#hooks = new Hooks(settingsOf(config), {
      log: parts.log,
      runner: createHookRunner(parts),
    });
    this.#follow(config);
  }

  get counts(): HookCounts {
    return this.#hooks.counts;
  }

  /** The number in keepalived's file; null: none was written. */
  get trackValue(): number | null {
    return this.#track?.value ?? null;
  }

  configure(config: AgentConfig): void {
    this.#hooks.configure(settingsOf(config));
    this.#follow(config);
  }

  /** A recorded event with the id that it was stored under. */
  take(event: FailoverEvent, id: number, at: UnixMillis): void {
    this.#hooks.take(event, id, at);
    this.#track?.take(event);
  }

  statusChanged(change: PathChange, at: UnixMillis): void {
    this.#hooks.statusChanged(change, at);
    this.#track?.statusChanged(change.path, change.to);
  }

  /** The adopted path of a start, which no event tells. */
  look(where: Whereabouts): void {
    const policy = this.#trackedPolicy;
    const choice = policy === null ? null : (where.decisionOf(policy)?.choice ?? null);
    if (policy === null || choice === null) return;
    for (const family of [4, 6] as const) {
      const { active } = choice[family];
      if (active !== null) this.#track?.activeChanged(policy, family, pathId(active));
    }
  }

  /** The engine's effect: its end has no event when traffic stays where it was. */
  allDown({ policy, family, phase }: Pick<AllDownEffect, "policy" | "family" | "phase">): void {
    this.#track?.allDown(policy, family, phase === "begun");
  }

  stop(): void {
    this.#hooks.stop();
    this.#track?.stop();
  }

  #follow({ coordination: { track_file: config }, policies }: AgentConfig): void {
    const primary = config === null ? null : primaryOf(config, policies);
    const text = JSON.stringify([config, primary]);
    if (text === this.#trackText) return;
    this.#trackText = text;
    this.#trackedPolicy = config?.of.kind === "policy" ? config.of.policy : null;
    this.#track?.stop();
    const parts = { ...this.#parts, write: writeTrackFile };
    this.#track = config === null ? null : new TrackFile(config, primary, parts);
  }
}

function primaryOf({ of }: TrackFileConfig, policies: AgentConfig["policies"]) {
  const policy = of.kind === "policy" ? policies.find(({ id }) => id === of.policy) : undefined;
  return policy === undefined ? null : pathId(policy.primary);
}

function settingsOf({ hooks, node, policies }: AgentConfig): HookSettings {
  const policyNames = new Map(policies.map(({ id, name }) => [id, name]));
  return { hooks, nodeId: node.id, policyNames };
}
