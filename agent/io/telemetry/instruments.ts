/**
 * Every metric that is pushed: name, kind, unit, attributes, meaning. METRICS.md beside this file
 * is the same table for readers; a test holds the two together. The given names stand as they are
 * and without a unit, because receivers append units to names; the base-unit set translates into
 * the names of the Prometheus surface.
 */

export type InstrumentKind = "gauge" | "counter" | "exponential histogram";

export interface Instrument {
  readonly name: string;
  readonly kind: InstrumentKind;
  /** UCUM; empty: none. */
  readonly unit: string;
  readonly attributes: readonly string[];
  readonly description: string;
}

const PATH = ["path_id", "path_name", "site"] as const;
const POLICY = ["policy_id", "policy_name", "site"] as const;

function gauge(
  name: string,
  unit: string,
  attributes: readonly string[],
  description: string,
): Instrument {
  return { name, kind: "gauge", unit, attributes, description };
}

export const GIVEN = {
  score: gauge("patronus_sdwan_path_health_score", "", PATH, "Health score, 0 to 100."),
  latencyMs: gauge("patronus_sdwan_path_latency_ms", "", PATH, "Mean round-trip time, ms."),
  lossPct: gauge("patronus_sdwan_path_packet_loss_pct", "", PATH, "Probes lost, percent."),
  jitterMs: gauge(
    "patronus_sdwan_path_jitter_ms",
    "",
    PATH,
    "Mean difference of consecutive round-trip times, ms.",
  ),
  status: gauge("patronus_sdwan_path_status", "", PATH, "1 up, 0.5 degraded, 0 down."),
  policies: gauge(
    "patronus_sdwan_failover_policies_total",
    "",
    ["site"],
    "Failover policies there are.",
  ),
  activePath: gauge(
    "patronus_sdwan_failover_active_path",
    "",
    POLICY,
    "1 while the policy uses its primary path, 0 on a backup.",
  ),
  failovers: {
    name: "patronus_sdwan_failover_count_total",
    kind: "counter",
    unit: "",
    attributes: POLICY,
    description: "Times the policy left its primary path.",
  },
} as const satisfies Record<string, Instrument>;

export const BASE = {
  latency: gauge("patronus.sdwan.path.latency", "s", PATH, "Mean round-trip time."),
  jitter: gauge(
    "patronus.sdwan.path.jitter",
    "s",
    PATH,
    "Mean difference of consecutive round-trip times.",
  ),
  loss: gauge("patronus.sdwan.path.packet_loss", "1", PATH, "Probes lost, 0 to 1."),
  mos: gauge("patronus.sdwan.path.mos", "{score}", PATH, "Voice quality (G.107), 1 to 4.5."),
  state: gauge(
    "patronus.sdwan.path.state",
    "{state}",
    [...PATH, "state"],
    "1 for the state the path is in, 0 for the others.",
  ),
  probes: {
    name: "patronus.sdwan.probes",
    kind: "counter",
    unit: "{probe}",
    attributes: [...PATH, "outcome"],
    description: "Probes by how they ended; unsent is no loss of the path.",
  },
  rtt: {
    name: "patronus.sdwan.probe.rtt",
    kind: "exponential histogram",
    unit: "s",
    attributes: PATH,
    description: "Round-trip times of scheduled probes.",
  },
  policyActive: gauge(
    "patronus.sdwan.failover.policy.active",
    "{path}",
    ["policy_id", "path_id", "site"],
    "1 for the path that the policy uses, 0 for its others.",
  ),
} as const satisfies Record<string, Instrument>;

export const INSTRUMENTS: readonly Instrument[] = [...Object.values(GIVEN), ...Object.values(BASE)];
