/**
 * The loop around the failover engine: conditions of paths, the kernel's word and operators' orders
 * go in, effects are performed in order. An intent is in the book before its switch is ordered. It
 * holds no policy of its own and never waits: for the disk, for the worker, for a listener.
 */

import type { AgentConfig, PathConfig, PolicyConfig } from "../../domain/config.ts";
import type { PathId, PathIndex } from "../../domain/ids.ts";
import { pathId, pathIndex } from "../../domain/ids.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Instant } from "../../domain/units.ts";
import { between, micros, US_PER_MS } from "../../domain/units.ts";
import type { OperatorCommand } from "../../engine/failover/command.ts";
import type { AuditRecord, FailoverEffect } from "../../engine/failover/effect.ts";
import type { FailoverEngine } from "../../engine/failover/engine.ts";
import type { FailoverInput, HardDownCause, RouteFamily } from "../../engine/failover/input.ts";
import { ROUTE_FAMILIES } from "../../engine/failover/input.ts";
import type { Burst } from "../../wire/burst.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import { decodeJson, FRAME } from "../../wire/frame.ts";
import type { NetState } from "../../wire/net-frames.ts";
import { readLinkChange } from "../../wire/net-frames.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";
import type { ProbePlan } from "../probe-table.ts";
import { Adoptions, routedFamiliesOf } from "./adoptions.ts";
import { choiceOf } from "./choice.ts";
import type { ConditionBook } from "./conditions.ts";
import { DeviceKeys } from "./device-keys.ts";
import type { Scribe } from "./effect-notes.ts";
import { noteEffect } from "./effect-notes.ts";
import type { LinkFacts } from "./link-facts.ts";
import type { FailoverListener } from "./listener.ts";
import type { OrderLine } from "./order-line.ts";
import type { PathObserver } from "./path-observer.ts";
import type { EffectivePolicy, FailoverBook } from "./ports.ts";
import type { EngineDecision, RouteKeeper } from "./route-keeper.ts";
import type { RouteSwitch } from "./route-switch.ts";
import { StateAssembly } from "./state-assembly.ts";

export interface FailoverParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly engine: FailoverEngine;
  readonly book: FailoverBook;
  readonly conditions: ConditionBook;
  readonly links: LinkFacts;
  readonly orders: OrderLine;
  readonly keeper: RouteKeeper;
  readonly switches: RouteSwitch;
  readonly listener: FailoverListener;
  /** Probes out of turn; held back while the worker has no table. */
  burst(burst: Burst): void;
}

const WARM_UP_PACE = micros(200 * US_PER_MS);

export class Failover implements PathObserver {
  readonly #parts: FailoverParts;
  readonly #assembly = new StateAssembly();
  readonly #adoptions = new Adoptions();
  readonly #devices = new DeviceKeys();
  #paths: readonly PathConfig[] = [];
  #policies: readonly EffectivePolicy[] = [];
  /** Rows of paths that a policy names. */
  #concerned: ReadonlySet<number> = new Set();
  #inbox: FailoverInput[] = [];
  #isBusy = false;
  #mustPlan = false;
  #isRestored = false;
  /** The kernel cannot be read here: policies decide and report. */
  #isBlind = false;
  #audits: AuditRecord[] | null = null;
  #armedFor: Instant | null = null;
  #disarm: Disarm = () => {};

  readonly #scribe: Scribe;

  constructor(parts: FailoverParts) {
    this.#parts = parts;
    const { book, listener, log } = parts;
    this.#scribe = { book, listener, log, configOf: (policy) => this.#configOf(policy) };
  }

  get policies(): readonly EffectivePolicy[] {
    return this.#policies;
  }

  /** No switch is under way. */
  get isCalm(): boolean {
    return !this.#policies.some(({ config }) => {
      const snapshot = this.#parts.engine.snapshot(config.id);
      return snapshot !== null && (snapshot.ipv4.pending ?? snapshot.ipv6.pending) !== null;
    });
  }

  /** A new probe table, or other policies. */
  configure(config: AgentConfig, plan: ProbePlan, policies: readonly EffectivePolicy[]): void {
    const { conditions, keeper, book } = this.#parts;
    this.#paths = config.paths;
    this.#policies = policies;
    conditions.configure(config, plan);
    const configs = policies.map((policy) => policy.config);
    const named = new Set(configs.flatMap(({ primary, backups }) => [primary, ...backups]));
    this.#concerned = new Set(config.paths.flatMap(({ id }, row) => (named.has(id) ? [row] : [])));
    book.syncPolicies(policies);
    const paths = conditions.paths();
    this.#adoptions.configure(configs, paths);
    this.#give({ kind: "policies", policies: configs, paths }, ...this.#restored());
    keeper.configure({ paths: config.paths, policies: configs });
    this.#tellAll();
    this.#adopt();
  }

  decisionOf(policy: number): EngineDecision | null {
    const config = this.#configOf(policy);
    const snapshot = this.#parts.engine.snapshot(policy);
    return config === null || snapshot === null ? null : choiceOf(config, snapshot);
  }

  /** The kernel's word on a path: its link, or that a family has no way out. */
  linkDown(path: PathId, family: RouteFamily): HardDownCause | null {
    const { links, keeper } = this.#parts;
    const device = this.#paths.find(({ id }) => id === path)?.interface ?? null;
    const down = links.of(device);
    if (down !== null || device === null || keeper.facts === null) return down;
    const isRouted = this.#policies.some(
      ({ config }) =>
        [config.primary, ...config.backups].includes(path) &&
        routedFamiliesOf(config).includes(family),
    );
    return isRouted && keeper.gatewayOf(path, family) === null ? "no-gateway" : null;
  }

  /** Carries out an operator's order; what became of it, as records. */
  command(command: OperatorCommand): readonly AuditRecord[] {
    const audits: AuditRecord[] = [];
    this.#audits = audits;
    this.#give({ kind: "command", command });
    this.#audits = null;
    return audits;
  }

  /** Of parts beside the engine. */
  audit(record: AuditRecord): void {
    this.#parts.book.audit(record, this.#parts.clock.wall());
    this.#parts.listener.audited(record);
  }

  /** Gateways or the kernel's state changed. */
  onKernelChange(): void {
    this.#tellAll();
    this.#adopt();
  }

  // --- what the driver hears ---------------------------------------------------------------------

  ingested(records: Uint8Array, paths: Uint32Array, count: number): void {
    if (this.#concerned.size === 0) return;
    this.#parts.conditions.ingest(records);
    const rows: number[] = [];
    for (let i = 0; i < count; i++) {
      const row = paths[i] ?? 0;
      if (this.#concerned.has(row)) rows.push(row);
    }
    this.#tell(rows);
  }

  statusChanged(path: PathIndex): void {
    this.#tell([path]);
  }

  verdict(kind: number, index: number): void {
    const row = this.#parts.conditions.verdict(kind, index);
    if (row !== -1) this.#tell([row]);
  }

  stalled(from: Instant, to: Instant): void {
    this.#parts.conditions.excuse();
    if (this.#concerned.size > 0) this.#give({ kind: "stalled", from, to });
  }

  peerChanged(generation: number): void {
    const { orders, keeper, conditions } = this.#parts;
    orders.peerChanged(generation);
    this.#assembly.clear();
    if (generation !== 0) {
      keeper.watch();
      return;
    }
    keeper.workerLost();
    conditions.forget();
    this.#adoptions.forget();
    this.#give({ kind: "worker-lost" });
  }

  frame(frame: Uint8Array, header: FrameHeader): boolean {
    switch (header.type) {
      case FRAME.netState: {
        const state = this.#assembly.take(frame, header);
        if (state !== null) this.#takeState(state);
        return true;
      }
      case FRAME.linkChange: {
        const change = readLinkChange(decodeJson(frame));
        if (change !== null && this.#parts.links.change(change)) this.#tellDevice(change.device);
        return change !== null;
      }
      case FRAME.orderOutcome:
        return this.#parts.orders.take(frame, header);
      default:
        return false;
    }
  }

  stop(): void {
    this.#disarm();
    this.#parts.keeper.stop();
  }

  // --- into the engine ---------------------------------------------------------------------------

  #takeState(state: NetState): void {
    const { links, keeper } = this.#parts;
    const devices = keeper.watchedDevices();
    this.#isBlind = state.problems.length > 0 && state.links.length === 0;
    if (state.problems.length === 0) {
      links.take(state, devices);
      for (const device of this.#devices.changed(state, devices)) this.#admit(device);
    }
    keeper.takeState(state);
  }

  /** A refused route may be taken now. */
  #admit(device: string): void {
    const inputs = this.#paths
      .filter((path) => path.interface === device)
      .flatMap(({ id }) =>
        ROUTE_FAMILIES.map((family) => {
          return { kind: "device-changed", path: pathId(id), family } as const;
        }),
      );
    this.#give(...inputs);
  }

  #tellDevice(device: string): void {
    const rows = this.#paths.flatMap((path, row) => (path.interface === device ? [row] : []));
    this.#tell(rows);
  }

  #tellAll(): void {
    this.#tell([...this.#concerned]);
  }

  #tell(rows: readonly number[]): void {
    const inputs = rows
      .filter((row) => this.#concerned.has(row))
      .flatMap((row) => this.#parts.conditions.of(row))
      .map((condition): FailoverInput => ({ kind: "condition", ...condition }));
    if (inputs.length > 0) this.#give(...inputs);
  }

  #restored(): readonly FailoverInput[] {
    if (this.#isRestored) return [];
    this.#isRestored = true;
    const restored = this.#parts.book.loadState(this.#parts.clock.monotonic());
    return restored === null ? [] : [{ kind: "restored", ...restored }];
  }

  /** Nothing is decided for a policy before the kernel, where it is asked at all, was heard. */
  #adopt(): void {
    const { keeper } = this.#parts;
    const mustAsk = keeper.watchedDevices().length > 0 && !this.#isBlind;
    if (!this.#adoptions.isWaiting || (mustAsk && keeper.facts === null)) return;
    const inputs = this.#adoptions.take().map(({ policy, family }): FailoverInput => {
      return { kind: "adopted", policy, family, ...keeper.adoption(policy, family) };
    });
    this.#give(...inputs);
  }

  #give(...inputs: readonly FailoverInput[]): void {
    this.#inbox.push(...inputs);
    if (this.#isBusy) return;
    this.#isBusy = true;
    do {
      const batch = this.#inbox.splice(0);
      const effects = this.#parts.engine.handle(batch, this.#parts.clock.monotonic());
      this.#performAll(effects);
      // An answer that needed no waiting.
    } while (this.#inbox.length > 0);
    this.#isBusy = false;
    this.#plan();
    this.#arm();
  }

  #plan(): void {
    if (!this.#mustPlan) return;
    this.#mustPlan = false;
    this.#parts.keeper.refresh();
    this.#parts.keeper.watchActive();
  }

  // --- out of the engine -------------------------------------------------------------------------

  /**
   * Intents, and the state that knows of them, are on disk before the first of them is acted upon;
   * whoever only wants to hear of it waits until the switch is on its way.
   */
  #performAll(effects: readonly FailoverEffect[]): void {
    const { book, clock } = this.#parts;
    const now = { monotonic: clock.monotonic(), wall: clock.wall() };
    const tell = book.together(() => effects.map((one) => noteEffect(one, this.#scribe, now)));
    for (const effect of effects) this.#act(effect);
    for (const one of tell) one?.();
  }

  #act(effect: FailoverEffect): void {
    switch (effect.kind) {
      case "switch":
        this.#switch(effect);
        return;
      case "verify":
      case "warm-up":
        this.#burst(effect);
        return;
      case "audit":
        this.#audits?.push(effect.record);
        this.#mustPlan = true;
        return;
      case "record":
      case "all-down":
      case "lay-route":
        this.#mustPlan = true;
        return;
      case "persist":
        return;
      default:
        unreachable(effect);
    }
  }

  #switch(order: Extract<FailoverEffect, { kind: "switch" }>): void {
    const { clock, switches } = this.#parts;
    const orderedAt = clock.monotonic();
    switches.perform(order, (result) => {
      if (result.kind === "rejected") {
        this.#give({ kind: "rejected", order: order.order, words: result.words });
        return;
      }
      // The worker knows when it was; we may have read its answer later.
      const readBackAt = result.kind === "switched" ? result.at : null;
      const duration = between(orderedAt, readBackAt ?? clock.monotonic());
      if (result.kind === "switched") this.#parts.listener.switched(duration);
      this.#give({ kind: "switched", order: order.order, duration });
    });
  }

  #burst(effect: Extract<FailoverEffect, { kind: "verify" | "warm-up" }>): void {
    const row = this.#parts.conditions.rowOf(effect.path);
    const health = this.#paths[row]?.health;
    if (health === undefined) return;
    const path = pathIndex(row);
    if (effect.kind === "warm-up") {
      const probes = health.min_samples;
      this.#parts.burst({ path, probes, pace: WARM_UP_PACE, isCounted: true });
      return;
    }
    const pace = micros(health.liveness.confirm_interval_ms * US_PER_MS);
    this.#parts.burst({ path, probes: effect.probes, pace, isCounted: false });
  }

  #configOf(policy: number): PolicyConfig | null {
    return this.#policies.find(({ config }) => config.id === policy)?.config ?? null;
  }

  #arm(): void {
    const next = this.#parts.engine.nextWakeup();
    if (next === this.#armedFor) return;
    this.#disarm();
    this.#armedFor = next;
    this.#disarm =
      next === null
        ? () => {}
        : this.#parts.timers.arm(next, () => {
            this.#armedFor = null;
            this.#give();
          });
  }
}
