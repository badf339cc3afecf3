/**
 * Every key of `keys.ts` described. A key that is missing here fails a test by name, and the schema
 * lets it pass unchecked until then.
 */

import { DEFAULT_HTTP } from "../http.ts";
import { DEFAULT_HEALTH, PROFILES } from "../profiles.ts";
import { DEFAULT_STORAGE } from "../storage.ts";
import { CONFIG_VERSION } from "../version.ts";
import type { SectionName, SectionSpecs, Spec } from "./spec.ts";

const DAY = 86_400;
const TIMEOUT_MAX_MS = 60_000;
const { liveness: LIVENESS, weights: WEIGHTS, ...HEALTH } = DEFAULT_HEALTH;

const FILE = "^/[^\\0\\n]{1,4000}$";
const PATH_ID = "^[a-z0-9][a-z0-9._-]{0,62}$";
const LINE = "^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$";

function text(help: string, pattern?: string): Spec {
  return pattern === undefined ? { kind: "text", help } : { kind: "text", help, pattern };
}

/** A file that may be absent. */
function file(help: string): Spec {
  return { kind: "text", help, pattern: FILE, nullable: true, default: null };
}

function share(help: string, value: number): Spec {
  return { kind: "number", help, min: 0, max: 1, default: value };
}

function age(help: string, value: string): Spec {
  return { kind: "duration", help, default: value };
}

function limit(help: string, most: number, unit: string): Spec {
  return { kind: "number", help, min: 0.001, max: most, unit, nullable: true };
}

const SCORE = { kind: "integer", min: 0, max: 100 } as const;
const COUNT = { kind: "integer", min: 1, max: 10_000 } as const;

export const TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  root: {
    version: {
      kind: "integer",
      help: "form of this file; config migrate brings older ones here",
      min: 1,
      max: CONFIG_VERSION,
    },
    node: { kind: "section", of: "node", help: "who this box is" },
    health: { kind: "section", of: "health", help: "how paths are watched, for all of them" },
    paths: {
      kind: "list",
      of: { kind: "section", of: "path", help: "a way out of this box" },
      help: "the ways out of this box",
      least: 1,
      most: 10_000,
      required: true,
    },
    policies: {
      kind: "list",
      of: { kind: "section", of: "policy", help: "which path traffic takes" },
      help: "which path traffic takes",
      most: 60,
    },
    storage: { kind: "section", of: "storage", help: "history" },
    http: { kind: "section", of: "http", help: "metrics, JSON and page" },
    otlp: { kind: "section", of: "otlp", help: "metrics sent by OTLP" },
    alerts: { kind: "list", of: { kind: "any", help: "alert" }, help: "alerts" },
    coordination: { kind: "any", help: "several nodes" },
    update: { kind: "any", help: "self-update" },
    reflector: {
      kind: "section",
      of: "reflector",
      help: "STAMP reflector (RFC 8762); default: off",
      nullable: true,
    },
  },
  node: {
    id: text(
      "name on every surface; default: from the machine id",
      "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
    ),
    site: { kind: "text", help: "free text", pattern: LINE, default: "" },
    labels: {
      kind: "map",
      of: text("value", LINE),
      help: "go along with every sample; at most 32",
    },
  },
  health: {
    check_interval_secs: {
      kind: "integer",
      help: "a check: persist counter, freshness",
      min: 1,
      max: DAY,
      unit: "s",
      default: HEALTH.check_interval_secs,
    },
    probes_per_check: {
      ...COUNT,
      help: "per target, evenly spread",
      default: HEALTH.probes_per_check,
    },
    probe_timeout_ms: {
      kind: "integer",
      help: "a later answer is late, and loss",
      min: 10,
      max: TIMEOUT_MAX_MS,
      unit: "ms",
      default: HEALTH.probe_timeout_ms,
    },
    window_probes: {
      kind: "integer",
      help: "outcomes behind a score",
      min: 5,
      max: 4_096,
      unit: "probes",
      default: HEALTH.window_probes,
    },
    min_samples: {
      kind: "integer",
      help: "with fewer outcomes the path is unknown",
      min: 1,
      max: 4_096,
      unit: "probes",
      default: HEALTH.min_samples,
    },
    persist_to_db: { kind: "flag", help: "keep history", default: HEALTH.persist_to_db },
    db_persist_interval: {
      ...COUNT,
      help: "every so many checks one is stored",
      unit: "checks",
      default: HEALTH.db_persist_interval,
    },
    liveness: { kind: "section", of: "liveness", help: "when silence means dead" },
    thresholds: { kind: "section", of: "thresholds", help: "from where on the score falls" },
    weights: { kind: "section", of: "weights", help: "shares of the score, together 1" },
  },
  liveness: {
    down_after: {
      kind: "integer",
      help: "probes without answer, of each dead target",
      min: 1,
      max: 255,
      unit: "probes",
      default: LIVENESS.down_after,
    },
    silence_ms: {
      kind: "integer",
      help: "since the first of them",
      min: 50,
      max: TIMEOUT_MAX_MS,
      unit: "ms",
      default: LIVENESS.silence_ms,
    },
    up_after: {
      kind: "integer",
      help: "answers in a row that end it; at least min_samples",
      min: 1,
      max: 255,
      unit: "probes",
      default: LIVENESS.up_after,
    },
    confirm_interval_ms: {
      kind: "integer",
      help: "between probes while in doubt",
      min: 10,
      max: 10_000,
      unit: "ms",
      default: LIVENESS.confirm_interval_ms,
    },
  },
  thresholds: {
    latency_ms: { kind: "section", of: "threshold", help: "round trip, ms" },
    loss_pct: { kind: "section", of: "threshold", help: "loss, %" },
    jitter_ms: { kind: "section", of: "threshold", help: "jitter, ms" },
  },
  threshold: {
    max: { kind: "number", help: "up to here no penalty", min: 0.001, max: TIMEOUT_MAX_MS },
    critical: limit("from here the score is at most 50; null: no cap", TIMEOUT_MAX_MS, ""),
  },
  weights: {
    latency: share("share of latency", WEIGHTS.latency),
    loss: share("share of loss", WEIGHTS.loss),
    jitter: share("share of jitter", WEIGHTS.jitter),
  },
  path: {
    id: { kind: "text", help: "name in metrics and policies", pattern: PATH_ID, required: true },
    name: text("for people; default: the id", LINE),
    interface: {
      kind: "text",
      help: "device that probes leave by; default: as the system routes",
      pattern: "^[!-~]{1,15}$",
      nullable: true,
      default: null,
    },
    source: {
      kind: "text",
      help: "source address of probes; default: the system's choice",
      nullable: true,
      default: null,
    },
    gateway: { kind: "text", help: "auto, none or an address", default: "auto" },
    targets: {
      kind: "list",
      of: {
        kind: "forms",
        forms: [
          { kind: "text", help: "an address or a name" },
          { kind: "section", of: "target", help: "with its own probe block" },
        ],
        help: "what answers probes",
      },
      help: "addresses or names that answer probes",
      least: 1,
      most: 64,
      required: true,
    },
    reliability: {
      kind: "integer",
      help: "so many targets must be well",
      min: 1,
      max: 64,
      default: 1,
    },
    probe: { kind: "section", of: "probe", help: "how targets are probed" },
    profile: {
      kind: "choice",
      help: "preset of the health block",
      choices: PROFILES,
      default: "balanced",
    },
    metered: { kind: "flag", help: "spared by extra probes; true under profile metered" },
    cost: { kind: "number", help: "relative price", min: 0, max: 1_000_000, default: 1 },
    capacity_mbps: { kind: "section", of: "capacity", help: "default: unknown", nullable: true },
    health: { kind: "section", of: "health", help: "what differs from the common block" },
  },
  target: {
    host: { kind: "text", help: "an address or a name", required: true },
    probe: { kind: "section", of: "probe", help: "what differs from the path's block" },
  },
  probe: {
    type: {
      kind: "choice",
      help: "icmp, udp (echo, RFC 862) or stamp (RFC 8762)",
      choices: ["icmp", "udp", "stamp"],
      default: "icmp",
    },
    size: { kind: "integer", help: "payload; stamp: packet", min: 8, max: 1_472, unit: "octets" },
    dscp: { kind: "integer", help: "class of the probes", min: 0, max: 63, default: 0 },
    ttl: { kind: "integer", help: "hop limit; 0: the system's", min: 0, max: 255, default: 64 },
    fwmark: { kind: "integer", help: "SO_MARK", min: 0, max: 0xffff_ffff, default: 0 },
    family: {
      kind: "choice",
      help: "which addresses of a name",
      choices: ["any", "ipv4", "ipv6"],
      default: "any",
    },
    port: { kind: "integer", help: "udp: default 7; stamp: 862", min: 1, max: 65_535 },
    accept_unreachable: {
      kind: "flag",
      help: "udp only: port unreachable is an answer",
      default: false,
    },
    key_file: file("stamp only: key of authenticated packets"),
  },
  capacity: {
    down: {
      kind: "number",
      help: "download",
      min: 0.001,
      max: 1_000_000,
      unit: "Mbit/s",
      required: true,
    },
    up: {
      kind: "number",
      help: "upload",
      min: 0.001,
      max: 1_000_000,
      unit: "Mbit/s",
      required: true,
    },
  },
  policy: {
    id: {
      kind: "integer",
      help: "the number in metrics and events",
      min: 1,
      max: 2 ** 31 - 1,
      required: true,
    },
    name: text("for people; default: policy-ID", LINE),
    primary: { kind: "text", help: "path to use while it is well", required: true },
    backups: {
      kind: "list",
      of: text("path id"),
      help: "in order of priority",
      least: 1,
      required: true,
    },
    failover_threshold: { ...SCORE, help: "below it the path is left", default: 50 },
    failback_threshold: {
      ...SCORE,
      help: "from it traffic returns; at least failover_threshold + 10",
      default: 80,
    },
    failback_delay_secs: {
      kind: "integer",
      help: "without interruption at that score",
      min: 0,
      max: DAY,
      unit: "s",
      default: 60,
    },
    backup_threshold: { ...SCORE, help: "that a path needs to be chosen", default: 50 },
    min_improvement: { ...SCORE, help: "points over a path that is bad but alive", default: 15 },
    dwell_secs: {
      kind: "integer",
      help: "between two such moves; doubles while they repeat",
      min: 1,
      max: 3_600,
      unit: "s",
      default: 10,
    },
    enabled: { kind: "flag", help: "false: not decided by", default: true },
    route: { kind: "section", of: "route", help: "omitted: only report", nullable: true },
    all_down: {
      kind: "choice",
      help: "when nothing works",
      choices: ["hold", "unreachable", "os"],
      default: "hold",
    },
    flows: {
      kind: "choice",
      help: "old connections of a path that was left",
      choices: ["keep", "reset-on-hard-down", "reset-always"],
      default: "reset-on-hard-down",
    },
  },
  route: {
    match: {
      kind: "list",
      of: { kind: "section", of: "match", help: "whose traffic" },
      help: "whose traffic",
      least: 1,
      most: 16,
      required: true,
    },
    ipv6: {
      kind: "choice",
      help: "nat: IPv6 is translated per path",
      choices: ["report", "nat"],
      default: "report",
    },
  },
  match: {
    from: { kind: "text", help: "address or prefix", nullable: true },
    to: { kind: "text", help: "default, address or prefix", nullable: true },
    fwmark: {
      kind: "forms",
      forms: [
        { kind: "integer", help: "mark", min: 1, max: 0xffff_ffff },
        { kind: "text", help: "mark/mask", pattern: "^[0-9a-fA-FxX]+/[0-9a-fA-FxX]+$" },
      ],
      help: "mark, or mark/mask",
      nullable: true,
    },
    iif: { kind: "text", help: "device it comes in by", nullable: true },
  },
  storage: {
    path: { kind: "text", help: "the database", pattern: FILE, default: DEFAULT_STORAGE.path },
    flush_interval_secs: {
      kind: "integer",
      help: "a power cut loses at most this much history",
      min: 1,
      max: 21_600,
      unit: "s",
      default: DEFAULT_STORAGE.flush_interval_secs,
    },
    retention: { kind: "section", of: "retention", help: "ages" },
    max_size_mb: {
      kind: "integer",
      help: "ages are shortened to fit",
      min: 8,
      max: 65_536,
      unit: "MB",
      default: DEFAULT_STORAGE.max_size_mb,
    },
  },
  retention: {
    raw: age("stored checks", "7d"),
    rollup_5m: age("buckets of 5 minutes", "90d"),
    rollup_1h: age("buckets of an hour", "400d"),
    rollup_1d: age("buckets of a day", "5y"),
    events: age("failovers and what operators did", "400d"),
  },
  http: {
    listen: {
      kind: "text",
      help: "address:port; null: unix socket only",
      pattern: ":\\d{1,5}$",
      nullable: true,
      default: DEFAULT_HTTP.listen,
    },
    socket: {
      kind: "text",
      help: "control socket",
      pattern: "^/[!-~]{1,106}$",
      default: DEFAULT_HTTP.socket,
    },
    token_file: file("bearer token of writes, and of reads beyond loopback"),
    allow_anonymous_read: {
      kind: "flag",
      help: "everybody who reaches listen may read",
      default: false,
    },
    allowed_hosts: { kind: "list", of: text("host"), help: "further names in the Host header" },
    tls: { kind: "section", of: "tls", help: "HTTPS on listen", nullable: true },
  },
  tls: {
    cert_file: { kind: "text", help: "certificate chain, PEM", pattern: FILE, required: true },
    key_file: { kind: "text", help: "its private key, PEM", pattern: FILE, required: true },
    client_ca_file: file("clients need a certificate of this authority"),
  },
  otlp: {
    endpoint: { kind: "text", help: "where to", nullable: true, default: null },
    interval_secs: {
      kind: "integer",
      help: "between collections",
      min: 1,
      max: DAY,
      unit: "s",
      default: 60,
    },
    compression: {
      kind: "choice",
      help: "of the body",
      choices: ["gzip", "none"],
      default: "gzip",
    },
    headers: {
      kind: "map",
      of: { kind: "text", help: "value", secret: true },
      help: "sent along; values are secrets",
    },
    queue: { kind: "section", of: "queue", help: "what waits for the collector" },
  },
  queue: {
    max_mb: {
      kind: "integer",
      help: "of waiting data",
      min: 1,
      max: 65_536,
      unit: "MB",
      default: 16,
    },
    max_age: age("older data is dropped", "7d"),
  },
  reflector: {
    listen: {
      kind: "forms",
      forms: [
        { kind: "text", help: "address:port" },
        { kind: "list", of: text("address:port"), help: "several", least: 1, most: 16 },
      ],
      help: "address:port, or several",
    },
    allow: { kind: "list", of: text("prefix"), help: "who is answered", most: 256 },
    key_file: file("HMAC key; unauthenticated packets are then dropped"),
    stateful: { kind: "flag", help: "own sequence numbers", default: false },
    rate: {
      kind: "integer",
      help: "replies per second and source",
      min: 1,
      max: 100_000,
      unit: "/s",
      default: 100,
    },
  },
};
