/** Configurations for tests: the design's defaults, without going through YAML. */

import type {
  AgentConfig,
  HealthConfig,
  PathConfig,
  ProbeConfig,
} from "../../agent/domain/config.ts";
import { NO_COORDINATION } from "../../agent/domain/hooks.ts";

export const HEALTH: HealthConfig = {
  check_interval_secs: 10,
  probes_per_check: 5,
  probe_timeout_ms: 1000,
  window_probes: 50,
  min_samples: 5,
  persist_to_db: true,
  db_persist_interval: 6,
  liveness: { down_after: 4, silence_ms: 800, up_after: 5, confirm_interval_ms: 100 },
  thresholds: {
    latency_ms: { max: 100, critical: 400 },
    loss_pct: { max: 2, critical: 20 },
    jitter_ms: { max: 10, critical: 80 },
  },
  weights: { latency: 0.4, loss: 0.4, jitter: 0.2 },
};

export const PROBE: ProbeConfig = {
  type: "icmp",
  size: 16,
  dscp: 0,
  ttl: 64,
  fwmark: 0,
  family: "any",
  port: 0,
  accept_unreachable: false,
  key_file: null,
};

export function pathConfig(id: string, hosts: readonly string[]): PathConfig {
  return {
    id,
    name: `path ${id}`,
    interface: null,
    source: null,
    gateway: "auto",
    targets: hosts.map((host) => ({ host, probe: PROBE })),
    reliability: 1,
    profile: "balanced",
    metered: false,
    cost: 1,
    capacity_mbps: null,
    health: HEALTH,
  };
}

const DAY_SECS = 86_400;

export function agentConfig(paths: readonly PathConfig[]): AgentConfig {
  return {
    node: { id: "test", site: "lab", labels: {} },
    paths,
    policies: [],
    storage: {
      path: "/nonexistent/patronus.db",
      flush_interval_secs: 300,
      retention: {
        raw_secs: 7 * DAY_SECS,
        rollup_5m_secs: 90 * DAY_SECS,
        rollup_1h_secs: 400 * DAY_SECS,
        rollup_1d_secs: 5 * 365 * DAY_SECS,
        events_secs: 400 * DAY_SECS,
      },
      max_size_mb: 64,
    },
    http: {
      listen: null,
      socket: "/nonexistent/agent.sock",
      token_file: null,
      allow_anonymous_read: false,
      allowed_hosts: [],
      tls: null,
    },
    echo: null,
    reflector: null,
    otlp: null,
    hooks: [],
    coordination: NO_COORDINATION,
    origin: "test",
  };
}
