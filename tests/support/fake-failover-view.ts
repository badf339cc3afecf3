/** The failover as the HTTP surface sees it: notes what it was asked, answers what a test set. */

import type {
  AuditQuery,
  EventQuery,
  RecordedAudit,
  RecordedEvent,
  RecordPage,
} from "../../agent/controller/failover/ports.ts";
import { unixMillis, unixSeconds } from "../../agent/domain/units.ts";
import type { OperatorCommand } from "../../agent/engine/failover/command.ts";
import type { RouteFamily } from "../../agent/engine/failover/input.ts";
import type {
  Author,
  CommandOutcome,
  DeleteOutcome,
  ExplanationBody,
  FailoverMetrics,
  FailoverSnapshot,
  FailoverView,
  PolicyBody,
  PolicyOutcome,
} from "../../agent/io/http/failover-view.ts";
import { auditRecord, triggered } from "./failover-books.ts";

export function policyBody(over: Partial<PolicyBody> = {}): PolicyBody {
  return {
    policy_id: 1,
    name: "office",
    primary_path_id: "fiber",
    backup_path_ids: ["lte", "dsl"],
    failover_threshold: 50,
    failback_threshold: 80,
    failback_delay_secs: 60,
    enabled: true,
    active_path_id: "fiber",
    active_path_id_v6: null,
    using_primary: true,
    failover_count: 3,
    failback_count: 2,
    pending_path_id: null,
    pending_path_id_v6: null,
    all_down_now: false,
    origin: "file",
    backup_threshold: 50,
    min_improvement: 15,
    dwell_secs: 10,
    route: null,
    all_down: "hold",
    flows: "reset-on-hard-down",
    pin: null,
    hold: null,
    maintenance: [],
    ...over,
  };
}

export function explanationBody(over: Partial<ExplanationBody> = {}): ExplanationBody {
  return {
    policy_id: 1,
    family: 4,
    enabled: true,
    active_path_id: "lte",
    pending_path_id: null,
    all_down: false,
    decision: "stay",
    reason: null,
    to_path_id: null,
    obstacles: [{ kind: "streak", path_id: "fiber", remaining_secs: 42 }],
    sentences: ["fiber must stay well for another 42 s"],
    pin: null,
    hold: null,
    paths: [
      {
        path_id: "fiber",
        is_active: false,
        is_usable: true,
        health_score: 97.5,
        hard_down: null,
        failures: 1,
        obstacles: [{ kind: "streak", path_id: "fiber", remaining_secs: 42 }],
      },
    ],
    ...over,
  };
}

export function recordedEvent(id: number, over: Partial<RecordedEvent> = {}): RecordedEvent {
  return { ...triggered(id), id, at: unixMillis(1_700_000_000_123), ...over };
}

export class FakeFailoverView implements FailoverView {
  policies: PolicyBody[] = [policyBody()];
  timestamp = unixSeconds(1_700_000_000);
  eventPage: RecordPage<RecordedEvent> = { records: [recordedEvent(7)], next: null };
  auditPage: RecordPage<RecordedAudit> = {
    records: [{ ...auditRecord(), id: 3, at: unixMillis(1_700_000_000_456) }],
    next: null,
  };
  commandOutcome: CommandOutcome = { kind: "done" };
  policyOutcome: PolicyOutcome = {
    kind: "done",
    policy: policyBody({ policy_id: 9, origin: "api" }),
  };
  deleteOutcome: DeleteOutcome = { kind: "done" };
  figures: FailoverMetrics = {
    policies: [],
    switches: { bounds: [], counts: [], count: 0, sum: 0 },
    pendingRecords: 0,
    droppedRecords: 0,
  };
  readonly eventQueries: EventQuery[] = [];
  readonly auditQueries: AuditQuery[] = [];
  readonly commands: OperatorCommand[] = [];
  readonly writes: { readonly id: number | null; readonly body: unknown; readonly by: Author }[] =
    [];
  readonly explained: { readonly id: number; readonly family: RouteFamily | null }[] = [];

  snapshot(): FailoverSnapshot {
    return { timestamp: this.timestamp, policies: this.policies };
  }

  policy(id: number): PolicyBody | null {
    return this.policies.find(({ policy_id }) => policy_id === id) ?? null;
  }

  events(query: EventQuery): RecordPage<RecordedEvent> {
    this.eventQueries.push(query);
    return this.eventPage;
  }

  audits(query: AuditQuery): RecordPage<RecordedAudit> {
    this.auditQueries.push(query);
    return this.auditPage;
  }

  explain(id: number, family: RouteFamily | null): ExplanationBody | null {
    this.explained.push({ id, family });
    return this.policy(id) === null ? null : explanationBody({ policy_id: id });
  }

  command(command: OperatorCommand): CommandOutcome {
    this.commands.push(command);
    return this.commandOutcome;
  }

  createPolicy(body: unknown, by: Author): PolicyOutcome {
    this.writes.push({ id: null, body, by });
    return this.policyOutcome;
  }

  updatePolicy(id: number, body: unknown, by: Author): PolicyOutcome {
    this.writes.push({ id, body, by });
    return this.policyOutcome;
  }

  deletePolicy(id: number, by: Author): DeleteOutcome {
    this.writes.push({ id, body: null, by });
    return this.deleteOutcome;
  }

  routes(): object {
    return { wanted: [], kernel: [] };
  }

  metrics(): FailoverMetrics {
    return this.figures;
  }
}
