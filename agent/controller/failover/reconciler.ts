/**
 * Orders the difference between plan and kernel, batch by batch: nothing is planned while orders
 * are under way, and every batch ends with a fresh look. What the kernel refuses is not ordered
 * again before something changed or a moment passed.
 */

import type { Instant } from "../../domain/units.ts";
import { after, micros, US_PER_S } from "../../domain/units.ts";
import type { AuditRecord } from "../../engine/failover/effect.ts";
import type { DesiredState } from "../../routing/desired.ts";
import { desiredState } from "../../routing/desired.ts";
import { diff } from "../../routing/diff.ts";
import type { KernelFacts } from "../../routing/facts.ts";
import type { GatewayTable } from "../../routing/gateway.ts";
import { asIpCommands } from "../../routing/ip-commands.ts";
import type { LinkConf, RememberedLink } from "../../routing/link-settings.ts";
import { planLinkSettings, restoreLinkSettings } from "../../routing/link-settings.ts";
import type { RouteOperation } from "../../routing/operation.ts";
import type { RoutePlan } from "../../routing/plan.ts";
import { netJson } from "../../wire/net-json.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";
import type { OrderLine } from "./order-line.ts";

export interface ReconcilerParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly orders: OrderLine;
  /** What devices had before us, from an earlier life. */
  readonly links: readonly RememberedLink[];
  /** Before devices are changed. */
  remember(links: readonly RememberedLink[]): void;
  audit(record: AuditRecord): void;
}

interface Want {
  readonly plan: RoutePlan;
  readonly facts: KernelFacts;
  readonly gateways: GatewayTable;
  readonly confs: readonly LinkConf[];
}

const RETRY = micros(5 * US_PER_S);
/** Commands quoted in an audit record. */
const QUOTED_MAX = 8;

export class Reconciler {
  readonly #parts: ReconcilerParts;
  #remembered: readonly RememberedLink[];
  #want: Want | null = null;
  /** Orders under way. */
  #open = 0;
  #holds = 0;
  /** What the kernel was asked for in vain, and when to try again. */
  #refused = "";
  #refusals: readonly string[] = [];
  #retryAt: Instant | null = null;
  /** The state that the kernel had as planned; what differs from it later was done by others. */
  #settled = "";
  #disarm: Disarm = () => {};

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#remembered = parts.links;
  }

  get remembered(): readonly RememberedLink[] {
    return this.#remembered;
  }

  /** What the kernel refuses, as sentences. */
  get problems(): readonly string[] {
    return this.#refusals;
  }

  update(
    plan: RoutePlan,
    facts: KernelFacts,
    gateways: GatewayTable,
    confs: readonly LinkConf[],
  ): void {
    this.#want = { plan, facts, gateways, confs };
    this.#work();
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** A switch is under way: its route is not yet what the plan says. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds = Math.max(0, this.#holds - 1);
  }

  /** The worker is gone: nothing is under way any more. */
  abandon(): void {
    this.#open = 0;
    this.#holds = 0;
    this.#want = null;
    this.#refused = "";
  }

  stop(): void {
    this.#disarm();
  }

  #work(): void {
    const want = this.#want;
    if (want === null || this.#open > 0 || this.#holds > 0 || !this.#parts.orders.isOpen) return;
    const desired = desiredState(want.plan, want.facts, want.gateways);
    const operations = [...this.#linkOperations(want), ...diff(desired, want.facts)];
    const key = keyOf(desired);
    if (operations.length === 0) {
      this.#settled = key;
      this.#refused = "";
      this.#refusals = [];
      return;
    }
    const text = netJson(operations);
    if (text === this.#refused && this.#isWaiting()) return;
    if (key === this.#settled) this.#tellInterference(operations, want.facts);
    this.#settled = "";
    this.#carryOut(operations, text, want.facts);
  }

  #isWaiting(): boolean {
    return this.#retryAt !== null && this.#parts.clock.monotonic() < this.#retryAt;
  }

  #carryOut(operations: readonly RouteOperation[], text: string, facts: KernelFacts): void {
    const refusals: string[] = [];
    this.#open = operations.length + 1;
    this.#want = null;
    for (const operation of operations) {
      this.#parts.orders.order(operation, (outcome) => {
        this.#open--;
        if (outcome.kind === "done") return;
        const [command = operation.kind] = asIpCommands([operation], facts.links);
        refusals.push(`cannot change routes: ${command}: ${outcome.words}`);
      });
    }
    // The state comes before this answer, so that what is planned next is planned on it.
    this.#parts.orders.order({ kind: "report" }, () => {
      this.#open--;
      this.#conclude(refusals, text);
      this.#work();
    });
  }

  #conclude(refusals: readonly string[], text: string): void {
    if (refusals.length > 0 && this.#refused !== text) {
      for (const problem of refusals) this.#parts.log.warn(problem);
    }
    this.#refused = refusals.length > 0 ? text : "";
    this.#refusals = refusals;
    this.#disarm();
    if (refusals.length === 0) return;
    const retryAt = after(this.#parts.clock.monotonic(), RETRY);
    this.#retryAt = retryAt;
    this.#disarm = this.#parts.timers.arm(retryAt, () => {
      this.#refused = "";
      this.#work();
    });
  }

  #linkOperations({ plan, facts, confs }: Want): readonly RouteOperation[] {
    const devices = plan.paths.map(({ device }) => device);
    const planned = planLinkSettings(devices, facts.links, confs, this.#remembered);
    const leftover = planned.memory.filter(({ device }) => !devices.includes(device));
    const restored = restoreLinkSettings(facts.links, confs, leftover);
    const memory = restored.length > 0 ? planned.memory : without(planned.memory, leftover);
    if (JSON.stringify(memory) !== JSON.stringify(this.#remembered)) {
      this.#remembered = memory;
      this.#parts.remember(memory);
    }
    return [...planned.operations, ...restored];
  }

  #tellInterference(operations: readonly RouteOperation[], facts: KernelFacts): void {
    const commands = asIpCommands(operations, facts.links);
    const more = commands.length - QUOTED_MAX;
    const detail = commands.slice(0, QUOTED_MAX).join("; ") + (more > 0 ? `; ${more} more` : "");
    this.#parts.log.warn("routes were changed by others, putting them back", {
      changes: commands.length,
    });
    const record = { action: "repair", author: "agent", policy: null, path: null } as const;
    const reason = "rules or routes of ours were changed by others";
    this.#parts.audit({ ...record, reason, outcome: "done", detail });
  }
}

function without(
  all: readonly RememberedLink[],
  some: readonly RememberedLink[],
): readonly RememberedLink[] {
  return all.filter((one) => !some.includes(one));
}

function keyOf({ rules, routes }: DesiredState): string {
  return netJson([rules, routes]);
}
