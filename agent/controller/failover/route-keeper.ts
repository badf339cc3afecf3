/**
 * Keeps the kernel's rules and routes as the plan wants them. It takes the state that the worker
 * reads, follows gateways, asks the planner for what is missing and orders that, one batch after
 * the other, each ended by a fresh look. Install, standby metrics after a switch, repair after
 * interference and removal are the same difference. Switches themselves are orders of route-switch.
 */

import type { AgentConfig, PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import { pathId } from "../../domain/ids.ts";
import type { Family, KernelRoute } from "../../domain/kernel-net.ts";
import { POLICY_TABLE_BASE, ROUTE_TYPE, TABLE_MAIN } from "../../domain/kernel-net.ts";
import type { Instant } from "../../domain/units.ts";
import { after, earliest, micros, US_PER_S } from "../../domain/units.ts";
import type { AuditRecord } from "../../engine/failover/effect.ts";
import type { KernelFacts } from "../../routing/facts.ts";
import { FAMILIES, isOurRoute, linkNamed } from "../../routing/facts.ts";
import type { Gateway, GatewayTable } from "../../routing/gateway.ts";
import { sameGateway } from "../../routing/gateway.ts";
import { GatewayFollower } from "../../routing/gateway-hold.ts";
import type { RoutePlan } from "../../routing/plan.ts";
import type { PolicyDecision } from "../../routing/plan-of-config.ts";
import { routePlan, slotWishes } from "../../routing/plan-of-config.ts";
import { METRIC_ACTIVE, placeKey } from "../../routing/route-forms.ts";
import type { SlotBook } from "../../routing/slots.ts";
import { assignSlots } from "../../routing/slots.ts";
import type { NetState } from "../../wire/net-frames.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";
import { AddressHistory } from "./address-history.ts";
import { routedFamiliesOf } from "./adoptions.ts";
import type { OrderLine } from "./order-line.ts";
import { Reconciler } from "./reconciler.ts";
import type { RouteMemory, RouteMemoryStore } from "./route-ports.ts";
import { problemsOf } from "./route-problems.ts";

export interface RouteKeeperParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly orders: OrderLine;
  readonly memory: RouteMemoryStore;
  /** What the engine decided; null: it does not know the policy. */
  decisionOf(policy: number): EngineDecision | null;
  audit(record: AuditRecord): void;
  /** The kernel's state or a gateway changed. */
  onChange(): void;
}

export type EngineDecision = PolicyDecision & { readonly isEnabled: boolean };

/** Where the system keeps the routes of its uplinks. */
const LEARN_TABLES = [TABLE_MAIN];
/** A dump that failed is asked for again after this. */
const RETRY = micros(US_PER_S);

type Routed = Pick<AgentConfig, "paths" | "policies">;

const NOTHING: Routed = { paths: [], policies: [] };
const NO_SLOTS: SlotBook = { paths: new Map(), policies: new Map() };

export class RouteKeeper {
  readonly #parts: RouteKeeperParts;
  readonly #follower = new GatewayFollower();
  readonly #addresses = new AddressHistory();
  readonly #reconciler: Reconciler;
  #config: Routed = NOTHING;
  #book: SlotBook = NO_SLOTS;
  #state: NetState | null = null;
  #facts: KernelFacts | null = null;
  #gateways: GatewayTable = new Map();
  #retryAt: Instant | null = null;
  #watchedActive = "";
  #disarm: Disarm = () => {};

  constructor(parts: RouteKeeperParts) {
    this.#parts = parts;
    const memory = parts.memory.load();
    if (memory !== null) {
      this.#book = { paths: new Map(memory.paths), policies: new Map(memory.policies) };
    }
    this.#reconciler = new Reconciler({
      ...parts,
      links: memory?.links ?? [],
      remember: (links) => this.#save(links),
    });
  }

  configure(config: Routed): void {
    this.#config = config;
    if (this.#facts !== null) this.#assign(this.#facts);
    this.watch();
    this.refresh();
  }

  /** Asks the worker to watch the devices; the answer is a whole state. */
  watch(): void {
    const changed = this.#reconciler.remembered.map(({ device }) => device);
    const devices = this.watchedDevices();
    if (devices.length === 0 && !this.#hasTraces) return;
    const activeDevices = this.#activeDevices();
    this.#watchedActive = activeDevices.join();
    this.#parts.orders.watch({
      devices: [...new Set([...devices, ...changed])],
      activeDevices,
      learnTables: LEARN_TABLES,
    });
  }

  /** Other devices carry the traffic now: their carriers are read closely. */
  watchActive(): void {
    if (!this.#reconciler.isHeld && this.#activeDevices().join() !== this.#watchedActive) {
      this.watch();
    }
  }

  /** Devices of paths that a policy names. */
  watchedDevices(): readonly string[] {
    const { paths, policies } = this.#config;
    const named = new Set(policies.flatMap(({ primary, backups }) => [primary, ...backups]));
    const devices = paths.flatMap(({ id, interface: device }) =>
      device === null || !named.has(id) ? [] : [device],
    );
    return [...new Set(devices)];
  }

  /** The kernel may hold rules of ours, or settings to be restored. */
  get #hasTraces(): boolean {
    const { paths, policies } = this.#book;
    return paths.size + policies.size > 0 || this.#reconciler.remembered.length > 0;
  }

  get plan(): RoutePlan {
    const policies = this.#config.policies.map((policy) => ({
      ...policy,
      enabled: this.#parts.decisionOf(policy.id)?.isEnabled ?? policy.enabled,
    }));
    const config = { paths: this.#config.paths, policies };
    return routePlan(config, this.#book, (policy) => this.#decision(policy));
  }

  #decision({ id, all_down }: PolicyConfig): PolicyDecision {
    const none = { active: null, candidates: [], isAllDown: false };
    return this.#parts.decisionOf(id) ?? { allDown: all_down, choice: { 4: none, 6: none } };
  }

  get facts(): KernelFacts | null {
    return this.#facts;
  }

  get canResetFlows(): boolean {
    return this.#state?.canResetFlows ?? false;
  }

  get addresses(): AddressHistory {
    return this.#addresses;
  }

  get gateways(): GatewayTable {
    return this.#gateways;
  }

  gatewayOf(path: string, family: Family): Gateway | null {
    return this.#gateways.get(path)?.[family] ?? null;
  }

  /** Sentences for the operator. */
  get problems(): readonly string[] {
    if (this.watchedDevices().length === 0) return [];
    const reading = this.#state?.problems ?? [];
    return [...reading, ...problemsOf(this.plan, this.#facts), ...this.#reconciler.problems];
  }

  /** The worker ended: what it was ordered is not answered, its state is to be read anew. */
  workerLost(): void {
    this.#disarm();
    this.#facts = null;
    this.#state = null;
    this.#reconciler.abandon();
  }

  takeState(state: NetState): void {
    const now = this.#parts.clock.monotonic();
    this.#state = state;
    this.#retryAt = state.problems.length === 0 ? null : after(now, RETRY);
    // A part that could not be read looks as if everything in it were gone.
    if (state.problems.length === 0) {
      this.#facts = { ...state, learnTables: LEARN_TABLES };
      this.#assign(this.#facts);
      this.#follow(this.#facts);
    }
    // What the engine makes of it is planned, not what it thought before.
    this.#parts.onChange();
    this.refresh();
    this.#arm();
  }

  /** Something that routes depend on changed: a decision, a hold of a gateway that ran out. */
  refresh(): void {
    const facts = this.#facts;
    // While a switch is under way its answer is awaited, and behind it all is planned anew.
    if (facts === null || this.#reconciler.isHeld) return;
    this.#follow(facts);
    this.#reconciler.update(this.plan, facts, this.#gateways, this.#state?.confs ?? []);
    this.#arm();
  }

  #follow(facts: KernelFacts): void {
    const now = this.#parts.clock.monotonic();
    const plan = this.plan;
    this.#addresses.note(plan.paths, facts, now);
    const before = this.#gateways;
    this.#gateways = this.#follower.update(plan.paths, facts, now);
    this.#tellGateways(plan, before);
  }

  /** A switch was read back: what is known of the kernel follows, before it is read anew. */
  noteSwitched(route: KernelRoute): void {
    if (this.#facts === null) return;
    const others = this.#facts.routes.filter((one) => placeKey(one) !== placeKey(route));
    this.#facts = { ...this.#facts, routes: [...others, route] };
  }

  /** While a switch is under way nothing else is planned. */
  get gate(): Pick<Reconciler, "hold" | "release"> {
    return this.#reconciler;
  }

  /** What the kernel has for a policy; see the engine's input `adopted`. */
  adoption(policy: number, family: Family): { table: PathId | null; main: PathId | null } {
    const table = this.#tableOf(policy);
    const routes = (this.#facts?.routes ?? []).filter(
      (route) => route.family === family && route.dstLen === 0 && route.type === ROUTE_TYPE.unicast,
    );
    const own = routes.find(
      (one) => isOurRoute(one) && one.table === table && one.metric === METRIC_ACTIVE,
    );
    const [main] = routes
      .filter((route) => LEARN_TABLES.includes(route.table))
      .sort((a, b) => a.metric - b.metric);
    return { table: this.#pathBy(own, policy), main: this.#pathBy(main, policy) };
  }

  /** The policy moves traffic of this family, or would if it could. */
  isRouted(policy: number, family: Family): boolean {
    const config = this.#config.policies.find(({ id }) => id === policy);
    return config !== undefined && routedFamiliesOf(config).includes(family);
  }

  /** null: not routed. */
  #tableOf(policy: number): number | null {
    const slot = this.#book.policies.get(policy);
    return slot === undefined ? null : POLICY_TABLE_BASE + slot;
  }

  #pathBy(route: KernelRoute | undefined, policy: number): PathId | null {
    const config = this.#config.policies.find(({ id }) => id === policy);
    if (route === undefined || config === undefined || this.#facts === null) return null;
    const order = [config.primary, ...config.backups];
    for (const id of order) {
      const device = this.#config.paths.find((path) => path.id === id)?.interface ?? null;
      const link = device === null ? null : linkNamed(this.#facts, device);
      if (link !== null && link.index === route.oif) return pathId(id);
    }
    return null;
  }

  #assign(facts: KernelFacts): void {
    const wishes = slotWishes(this.#config);
    const { book, pathsLeftOver, policiesLeftOver } = assignSlots(wishes, this.#book, facts);
    for (const path of pathsLeftOver) this.#parts.log.warn("no table is left for a path", { path });
    for (const policy of policiesLeftOver) {
      this.#parts.log.warn("no table is left for a policy", { policy });
    }
    const isSame = textOf(book) === textOf(this.#book);
    this.#book = book;
    if (!isSame) this.#save(this.#reconciler.remembered);
  }

  #save(links: RouteMemory["links"]): void {
    const { paths, policies } = this.#book;
    this.#parts.memory.save({ paths: [...paths], policies: [...policies], links });
  }

  /** A new next hop of a path that carries traffic is no failover, but worth a record. */
  #tellGateways(plan: RoutePlan, before: GatewayTable): void {
    for (const policy of plan.policies) {
      for (const family of FAMILIES) {
        const active = policy.choice[family].active;
        const was = active === null ? null : (before.get(active)?.[family] ?? null);
        const is = active === null ? null : this.gatewayOf(active, family);
        if (active === null || was === null || is === null || sameGateway(was, is)) continue;
        const detail = `IPv${family}: the next hop of ${active} changed`;
        const record = { action: "gateway_changed", author: "agent", reason: "", detail };
        this.#parts.audit({ ...record, policy: policy.id, path: pathId(active), outcome: "noted" });
      }
    }
  }

  #activeDevices(): readonly string[] {
    const { paths, policies } = this.#config;
    const active = new Set(
      policies.flatMap(({ id }) => {
        const choice = this.#parts.decisionOf(id)?.choice;
        return FAMILIES.flatMap((family) => choice?.[family].active ?? []);
      }),
    );
    const devices = paths.flatMap(({ id, interface: device }) =>
      device === null || !active.has(id) ? [] : [device],
    );
    return [...new Set(devices)];
  }

  #arm(): void {
    this.#disarm();
    const next = earliest(this.#follower.nextWakeup(), this.#retryAt);
    this.#disarm = next === null ? () => {} : this.#parts.timers.arm(next, () => this.#wake());
  }

  #wake(): void {
    this.#disarm = () => {};
    if (this.#retryAt !== null && this.#parts.clock.monotonic() >= this.#retryAt) {
      this.#retryAt = null;
      this.watch();
    }
    if (this.#facts !== null) this.#follow(this.#facts);
    this.#parts.onChange();
    this.refresh();
  }

  stop(): void {
    this.#disarm();
    this.#reconciler.stop();
  }
}

function textOf({ paths, policies }: SlotBook): string {
  return JSON.stringify([[...paths], [...policies]]);
}
