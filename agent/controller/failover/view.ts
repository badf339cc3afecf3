/** What the HTTP surface sees of the failover, and how its orders get in. */

import type { AgentConfig } from "../../domain/config.ts";
import { pathId } from "../../domain/ids.ts";
import { unixSeconds } from "../../domain/units.ts";
import type { OperatorCommand } from "../../engine/failover/command.ts";
import type { FailoverEngine } from "../../engine/failover/engine.ts";
import type { RouteFamily } from "../../engine/failover/input.ts";
import type {
  Author,
  CommandOutcome,
  FailoverView,
  PolicyBody,
  PolicyMetrics,
  PolicyOutcome,
} from "../../io/http/failover-view.ts";
import type { Clock } from "../ports.ts";
import { explanationBody, nowOf, policyBody } from "./bodies.ts";
import type { Failover } from "./failover.ts";
import type { DeskOutcome, PolicyDesk } from "./policy-desk.ts";
import type { EffectivePolicy, FailoverBook } from "./ports.ts";
import type { RouteKeeper } from "./route-keeper.ts";
import { routesBody } from "./routes-body.ts";
import type { SwitchClock } from "./switch-durations.ts";

export interface FailoverViewParts {
  readonly clock: Clock;
  readonly book: FailoverBook;
  readonly engine: FailoverEngine;
  readonly failover: Failover;
  readonly keeper: RouteKeeper;
  readonly desk: PolicyDesk;
  readonly switches: SwitchClock;
  config(): AgentConfig;
}

export function createFailoverView(parts: FailoverViewParts): FailoverView {
  const { book, clock, desk, engine, failover } = parts;
  const bodyOf = (policy: EffectivePolicy): readonly PolicyBody[] => {
    const snapshot = engine.snapshot(policy.config.id);
    return snapshot === null ? [] : [policyBody(policy, snapshot, nowOf(clock))];
  };
  const policy = (id: number) =>
    failover.policies.filter(({ config }) => config.id === id).flatMap(bodyOf)[0] ?? null;
  return {
    snapshot: () => ({
      timestamp: unixSeconds(clock.wall() / 1_000),
      policies: failover.policies.flatMap(bodyOf),
    }),
    policy,
    events: (query) => book.events(query),
    audits: (query) => book.audits(query),
    explain(id, family) {
      const explanation = engine.explain(id, family ?? shownFamily(parts, id), clock.monotonic());
      return explanation === null ? null : explanationBody(explanation, nowOf(clock));
    },
    command: (command) => carryOut(parts, command),
    createPolicy: (body, by) => conclude(parts, desk.create(body), { verb: "create", by }),
    updatePolicy: (id, body, by) => conclude(parts, desk.update(id, body), { verb: "update", by }),
    deletePolicy(id, by) {
      const outcome = desk.delete(id);
      if (outcome.kind === "done") audit(parts, id, { verb: "delete", by });
      return outcome;
    },
    routes: () => routesBody(parts.keeper),
    metrics: () => ({
      policies: failover.policies.flatMap((one) => policyMetrics(parts, one)),
      switches: parts.switches.read(),
      pendingRecords: book.state.pending,
      droppedRecords: book.state.dropped,
    }),
  };
}

/** IPv6 only where IPv4 says nothing. */
function shownFamily({ engine }: FailoverViewParts, id: number): RouteFamily {
  const snapshot = engine.snapshot(id);
  return snapshot !== null && snapshot.ipv4.active === null && snapshot.ipv6.active !== null
    ? 6
    : 4;
}

function carryOut(parts: FailoverViewParts, command: OperatorCommand): CommandOutcome {
  if (command.action === "maintenance") {
    const isKnown = parts.config().paths.some(({ id }) => id === command.path);
    if (!isKnown) return { kind: "unknown-path" };
  } else if (!parts.failover.policies.some(({ config }) => config.id === command.policy)) {
    return { kind: "unknown-policy" };
  }
  const refused = parts.failover.command(command).find(({ outcome }) => outcome === "refused");
  return refused === undefined ? { kind: "done" } : { kind: "refused", reason: refused.detail };
}

interface Deed {
  readonly verb: "create" | "update" | "delete";
  readonly by: Author;
}

function conclude(parts: FailoverViewParts, outcome: DeskOutcome, deed: Deed): PolicyOutcome {
  if (outcome.kind !== "done") return outcome;
  audit(parts, outcome.id, deed);
  const policy = parts.failover.policies.find(({ config }) => config.id === outcome.id);
  const snapshot = parts.engine.snapshot(outcome.id);
  if (policy === undefined || snapshot === null) return { kind: "unknown-policy" };
  return { kind: "done", policy: policyBody(policy, snapshot, nowOf(parts.clock)) };
}

function audit({ failover }: FailoverViewParts, policy: number, { verb, by }: Deed): void {
  const record = { action: `policy ${verb}`, ...by, policy, path: null, detail: "" };
  failover.audit({ ...record, outcome: "done" });
}

function policyMetrics(
  { engine }: FailoverViewParts,
  { config }: EffectivePolicy,
): readonly PolicyMetrics[] {
  const snapshot = engine.snapshot(config.id);
  if (snapshot === null) return [];
  const shown = snapshot.ipv4.active === null ? snapshot.ipv6 : snapshot.ipv4;
  const { id, name, primary, backups } = config;
  const paths = [primary, ...backups].map(pathId);
  const { failovers } = snapshot;
  return [{ id, name, active: shown.active, usingPrimary: shown.usingPrimary, paths, failovers }];
}
