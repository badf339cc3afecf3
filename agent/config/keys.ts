/**
 * Every key of the configuration, section by section. The readers take their keys from here, and a
 * test holds the reference configuration against this table.
 */

export const KEYS = {
  root: [
    "node",
    "health",
    "paths",
    "policies",
    "storage",
    "http",
    "otlp",
    "alerts",
    "coordination",
    "update",
    "reflector",
  ],
  node: ["id", "site", "labels"],
  health: [
    "check_interval_secs",
    "probes_per_check",
    "probe_timeout_ms",
    "window_probes",
    "min_samples",
    "persist_to_db",
    "db_persist_interval",
    "liveness",
    "thresholds",
    "weights",
  ],
  liveness: ["down_after", "silence_ms", "up_after", "confirm_interval_ms"],
  thresholds: ["latency_ms", "loss_pct", "jitter_ms"],
  threshold: ["max", "critical"],
  weights: ["latency", "loss", "jitter"],
  path: [
    "id",
    "name",
    "interface",
    "source",
    "gateway",
    "targets",
    "reliability",
    "probe",
    "profile",
    "metered",
    "cost",
    "capacity_mbps",
    "health",
  ],
  target: ["host", "probe"],
  probe: ["type", "size", "dscp", "ttl", "fwmark", "family", "port", "accept_unreachable"],
  capacity: ["down", "up"],
  policy: [
    "id",
    "name",
    "primary",
    "backups",
    "failover_threshold",
    "failback_threshold",
    "failback_delay_secs",
    "enabled",
    "route",
    "all_down",
    "flows",
  ],
  route: ["match", "ipv6"],
  match: ["from", "to", "fwmark", "iif"],
  storage: ["path", "flush_interval_secs", "retention", "max_size_mb"],
  retention: ["raw", "rollup_5m", "rollup_1h", "rollup_1d", "events"],
  http: ["listen", "socket", "token_file", "allow_anonymous_read", "allowed_hosts", "tls"],
  otlp: ["endpoint", "interval_secs", "compression", "headers", "queue"],
  queue: ["max_mb", "max_age"],
} as const;

type Table = typeof KEYS;
/** The keys of one section. */
export type KeyOf<Name extends keyof Table> = Table[Name][number];
