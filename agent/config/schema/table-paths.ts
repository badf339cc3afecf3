/** The keys of paths, their health, and the policies between them, described. */

import { DEFAULT_HEALTH, PROFILES } from "../profiles.ts";
import { file, LINE, limit, PATH_ID, share, text } from "./forms.ts";
import type { SectionName, SectionSpecs } from "./spec.ts";

const DAY = 86_400;
const TIMEOUT_MAX_MS = 60_000;
const { liveness: LIVENESS, weights: WEIGHTS, ...HEALTH } = DEFAULT_HEALTH;
const SCORE = { kind: "integer", min: 0, max: 100 } as const;
const COUNT = { kind: "integer", min: 1, max: 10_000 } as const;

export const PATH_TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
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
};
