/** Telemetry that is pushed, and the queue in front of it. */

import { FILE } from "./forms.ts";
import type { SectionName, SectionSpecs, Spec } from "./spec.ts";

const DAY = 86_400;

/** A file; absent: what stands above, or none. */
function fileOf(help: string): Spec {
  return { kind: "text", help, pattern: FILE, nullable: true };
}

/** Of `otlp` itself, and of each destination, where they win. */
const SETTINGS: SectionSpecs = {
  compression: { kind: "choice", help: "of the body", choices: ["gzip", "none"] },
  timeout_secs: {
    kind: "integer",
    help: "of one delivery",
    min: 1,
    max: 30,
    unit: "s",
    nullable: true,
  },
  headers: {
    kind: "map",
    of: { kind: "text", help: "value", secret: true },
    help: "sent along; values are secrets",
  },
  headers_file: fileOf("lines of NAME=VALUE, read at every delivery"),
  tls: { kind: "section", of: "otlpTls", help: "beyond the system's authorities" },
  interface: { kind: "text", help: "the uplink to leave by", nullable: true },
  events: { kind: "flag", help: "failover events as log records too" },
};

export const OTLP_TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  otlp: {
    ...SETTINGS,
    endpoint: { kind: "text", help: "where to", nullable: true, default: null },
    interval_secs: {
      kind: "integer",
      help: "between collections",
      min: 1,
      max: DAY,
      unit: "s",
      default: 60,
    },
    queue: { kind: "section", of: "queue", help: "what waits for the collector" },
    destinations: {
      kind: "list",
      of: { kind: "section", of: "otlpDestination", help: "a collector" },
      help: "several collectors",
      most: 8,
    },
  },
  otlpDestination: {
    ...SETTINGS,
    name: { kind: "text", help: "in metrics and status", required: true },
    endpoint: { kind: "text", help: "where to", required: true },
  },
  otlpTls: {
    ca_file: fileOf("authorities to trust, PEM"),
    cert_file: fileOf("own certificate, PEM"),
    key_file: fileOf("its key, PEM"),
    insecure: { kind: "flag", help: "anybody may answer" },
  },
};
