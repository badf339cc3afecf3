/**
 * Every key of `keys.ts` described. A key that is missing here fails a test by name, and the schema
 * lets it pass unchecked until then.
 */

import { DEFAULT_HTTP } from "../http.ts";
import { DEFAULT_STORAGE } from "../storage.ts";
import { CONFIG_VERSION } from "../version.ts";
import { age, FILE, file, LINE, text } from "./forms.ts";
import type { SectionName, SectionSpecs } from "./spec.ts";
import { HOOK_TABLE } from "./table-hooks.ts";
import { OTLP_TABLE } from "./table-otlp.ts";
import { PATH_TABLE } from "./table-paths.ts";

export const TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  ...PATH_TABLE,
  ...HOOK_TABLE,
  ...OTLP_TABLE,
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
    coordination: { kind: "section", of: "coordination", help: "several nodes" },
    update: { kind: "any", help: "self-update" },
    reflector: {
      kind: "section",
      of: "reflector",
      help: "STAMP reflector (RFC 8762); default: off",
      nullable: true,
    },
    hooks: {
      kind: "list",
      of: { kind: "section", of: "hook", help: "a program" },
      help: "programs that run on failover events",
      most: 32,
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
    replay_per_sec: {
      kind: "integer",
      help: "of what waited, once the collector is back",
      min: 1,
      max: 1_000,
      unit: "/s",
      default: 10,
    },
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
