/** What `probe` was asked to do, from the command line: targets, numbers within bounds, rows. */

import { readFileSync } from "node:fs";
import type { ParsedAddress } from "../domain/address.ts";
import type { Family, ProbeType } from "../domain/config.ts";
import { US_PER_MS } from "../domain/units.ts";
import { readKeyFile } from "../io/key-file.ts";
import { scopeIdOf } from "../io/resolver.ts";
import type { TableRow } from "../wire/frame.ts";
import { PROBE_TYPE } from "../wire/frame.ts";
import type { CommandInput } from "./command.ts";
import { numberOption, UsageError } from "./command.ts";

export interface ProbeRequest {
  readonly hosts: readonly string[];
  /** Probes per target. */
  readonly count: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly type: ProbeType;
  readonly port: number;
  readonly size: number;
  readonly device: string | null;
  readonly dscp: number;
  /** 0: the system's default. */
  readonly ttl: number;
  readonly family: Family;
  readonly quiet: boolean;
  readonly json: boolean;
  /** Of STAMP; null: unauthenticated. */
  readonly key: Uint8Array | null;
}

const PORT = { icmp: 0, udp: 7, stamp: 862 } as const;
/** Room for the token; UDP carries the slot beside it. STAMP: the base packet. */
const SIZE_MIN = { icmp: 8, udp: 16, stamp: 44 } as const;
const SIZE = { icmp: 56, udp: 56, stamp: 44 } as const;
const SIZE_MAX = 1_472;
/** Starts of different targets are at least this far apart while that fits the interval. */
const STAGGER_MS = 10;

/** Throws UsageError. */
export function probeRequest(input: CommandInput): ProbeRequest {
  const file = input.text("targets-file");
  const hosts = [...input.operands, ...(file === undefined ? [] : readTargets(file))];
  if (hosts.length === 0) throw new UsageError("cannot probe: no target given");
  const type = input.text("type") ?? "icmp";
  if (type !== "icmp" && type !== "udp" && type !== "stamp") {
    throw new UsageError(`cannot use --type ${JSON.stringify(type)}: want icmp, udp or stamp`);
  }
  return {
    hosts: [...new Set(hosts)],
    count: Math.floor(numberOption(input, "count", 5, { min: 1, max: 1_000_000 })),
    intervalMs: numberOption(input, "interval", 1_000, { min: 10, max: 3_600_000 }),
    timeoutMs: numberOption(input, "timeout", 1_000, { min: 10, max: 60_000 }),
    type,
    port: numberOption(input, "port", PORT[type], { min: 1, max: 65_535 }),
    size: Math.floor(
      numberOption(input, "size", SIZE[type], { min: SIZE_MIN[type], max: SIZE_MAX }),
    ),
    device: input.text("interface") ?? null,
    dscp: numberOption(input, "dscp", 0, { min: 0, max: 63 }),
    ttl: numberOption(input, "ttl", 0, { min: 0, max: 255 }),
    family: input.flag("ipv6") ? "ipv6" : input.flag("ipv4") ? "ipv4" : "any",
    quiet: input.flag("quiet"),
    json: input.flag("json"),
    key: readKey(input.text("key-file"), type),
  };
}

/** Throws UsageError. */
function readKey(path: string | undefined, type: ProbeType): Uint8Array | null {
  if (path === undefined) return null;
  if (type !== "stamp") throw new UsageError("cannot use --key-file: want --type stamp with it");
  const result = readKeyFile(path);
  if (result.kind === "ok") return result.key;
  throw new UsageError(`cannot use the key file ${path}: ${result.reason}`);
}

/** One target a line; # begins a comment. */
function readTargets(path: string): string[] {
  try {
    const text = readFileSync(path === "-" ? "/dev/stdin" : path, "utf8");
    const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
    return lines.filter((line) => line !== "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read targets from ${path}: ${reason}`);
  }
}

/** The probe table: one series per target. */
export function probeRows(request: ProbeRequest, addresses: readonly ParsedAddress[]): TableRow[] {
  const stagger = Math.min(STAGGER_MS / request.intervalMs, 1 / addresses.length);
  return addresses.map((address, i) => ({
    path: i,
    type: PROBE_TYPE[request.type],
    family: address.family,
    flags: 0,
    dscp: request.dscp,
    ttl: request.ttl,
    downAfter: 0,
    upAfter: 0,
    reliability: 1,
    port: request.port,
    size: request.size,
    fwmark: 0,
    scopeId: scopeIdOf(address.zone),
    intervalUs: request.intervalMs * US_PER_MS,
    timeoutUs: request.timeoutMs * US_PER_MS,
    confirmIntervalUs: 0,
    silenceUs: 0,
    target: address.bytes,
    source: null,
    device: request.device,
    phase: i * stagger,
    ...(request.key === null ? {} : { key: 1 }),
  }));
}
