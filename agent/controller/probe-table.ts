/**
 * From the configuration to rows: one series per path x target, a path's series contiguous. The
 * same order gives the worker its probe table, the core its layout and the engine its paths, so
 * they are built together. A target whose name is not resolved yet holds its row with type 0.
 */

import type { ParsedAddress } from "../domain/address.ts";
import { parseAddress } from "../domain/address.ts";
import type { AgentConfig, PathConfig, TargetConfig } from "../domain/config.ts";
import { micros, US_PER_MS, US_PER_S } from "../domain/units.ts";
import type { EnginePath } from "../engine/input.ts";
import type { PathLayout } from "../scoring/scorer.ts";
import type { TableRow } from "../wire/frame.ts";
import { PROBE_TYPE, TABLE_FLAG } from "../wire/frame.ts";
import { spareRows } from "./spare-rows.ts";

/** What stands behind a series index. */
export interface SeriesTarget {
  readonly path: number;
  readonly target: TargetConfig;
  readonly address: ParsedAddress | null;
}

export interface ProbePlan {
  readonly series: readonly SeriesTarget[];
  /** One per series, and behind them spares, which are no series. */
  readonly rows: readonly TableRow[];
  readonly layouts: readonly PathLayout[];
  readonly enginePaths: readonly EnginePath[];
  /** Of STAMP; rows name them by their place here, from 1. */
  readonly keyFiles: readonly string[];
}

/** One name may be asked for in one family here and in the other there. */
export function addressKey({ host, probe }: TargetConfig): string {
  return `${probe.family} ${host}`;
}

export interface AddressBook {
  /** By addressKey; absent: not resolved yet. */
  readonly known: ReadonlyMap<string, ParsedAddress>;
  /** The scope id of an IPv6 zone; 0: none or unknown. */
  scopeOf(zone: string | null): number;
}

const DEFAULT_PORT = { icmp: 0, udp: 7, stamp: 862 } as const;
/**
 * A probe may be lost without the path being unknown; three in a row without any outcome may not.
 */
const STALE_INTERVALS = 3;
/** Spreads first sends evenly whatever the number of series: the golden ratio's fraction. */
const PHASE_STEP = 0.6180339887498949;

export function planProbes(config: AgentConfig, addresses: AddressBook): ProbePlan {
  const series: SeriesTarget[] = [];
  const rows: TableRow[] = [];
  const layouts: PathLayout[] = [];
  const enginePaths: EnginePath[] = [];
  const keyFiles = keyFilesOf(config);
  const rowOf = (path: PathConfig, target: TargetConfig, address: ParsedAddress | null) => ({
    ...tableRow(path, target, address),
    ...wayOf(path, address?.zone ?? null, addresses),
  });
  for (const [path, entry] of config.paths.entries()) {
    const firstSeries = series.length;
    for (const target of entry.targets) {
      const address = addresses.known.get(addressKey(target)) ?? null;
      rows.push({
        ...rowOf(entry, target, address),
        path,
        phase: phaseOf(rows.length),
        ...keyOf(target, keyFiles),
      });
      series.push({ path, target, address });
    }
    layouts.push(pathLayout(entry, firstSeries));
    enginePaths.push(enginePath(entry, firstSeries));
  }
  rows.push(...spareRows(config, series, rowOf));
  return { series, rows, layouts, enginePaths, keyFiles };
}

function keyFilesOf(config: AgentConfig): readonly string[] {
  const files = config.paths.flatMap(({ targets }) =>
    targets.flatMap(({ probe }) => (probe.key_file === null ? [] : [probe.key_file])),
  );
  return [...new Set(files)];
}

function keyOf({ probe }: TargetConfig, keyFiles: readonly string[]): Pick<TableRow, "key"> {
  return probe.key_file === null ? {} : { key: keyFiles.indexOf(probe.key_file) + 1 };
}

/** Time between two probes to one target, us. */
export function probeIntervalUs(path: PathConfig): number {
  return (path.health.check_interval_secs * US_PER_S) / path.health.probes_per_check;
}

function pathLayout(path: PathConfig, firstSeries: number): PathLayout {
  return {
    firstSeries,
    seriesCount: path.targets.length,
    reliability: path.reliability,
    windowProbes: path.health.window_probes,
    minSamples: path.health.min_samples,
    thresholds: path.health.thresholds,
    weights: path.health.weights,
  };
}

function enginePath(path: PathConfig, firstSeries: number): EnginePath {
  const { health } = path;
  return {
    firstSeries,
    seriesCount: path.targets.length,
    checkInterval: micros(health.check_interval_secs * US_PER_S),
    persistEvery: health.persist_to_db ? health.db_persist_interval : 0,
    staleAfter: micros(
      STALE_INTERVALS * probeIntervalUs(path) + 2 * health.probe_timeout_ms * US_PER_MS,
    ),
  };
}

const UNRESOLVED: ParsedAddress = { family: 4, bytes: new Uint8Array(4), zone: null };

function phaseOf(row: number): number {
  return (row * PHASE_STEP) % 1;
}

function tableRow(
  path: PathConfig,
  target: TargetConfig,
  address: ParsedAddress | null,
): Omit<TableRow, "path" | "scopeId" | "device" | "phase" | "key"> {
  const { probe } = target;
  const { health } = path;
  const at = address ?? UNRESOLVED;
  return {
    type: address === null ? 0 : PROBE_TYPE[probe.type],
    family: at.family,
    flags:
      (probe.accept_unreachable ? TABLE_FLAG.acceptUnreachable : 0) |
      (path.metered ? TABLE_FLAG.metered : 0),
    dscp: probe.dscp,
    ttl: probe.ttl,
    downAfter: health.liveness.down_after,
    upAfter: health.liveness.up_after,
    reliability: path.reliability,
    port: probe.port || DEFAULT_PORT[probe.type],
    size: probe.size,
    fwmark: probe.fwmark,
    intervalUs: probeIntervalUs(path),
    timeoutUs: health.probe_timeout_ms * US_PER_MS,
    confirmIntervalUs: health.liveness.confirm_interval_ms * US_PER_MS,
    silenceUs: health.liveness.silence_ms * US_PER_MS,
    target: at.bytes,
    source: sourceBytes(path),
  };
}

/**
 * A zone by name binds to that device as `interface` does: the worker follows a device that is made
 * anew, while its index in a row would be that of the first one for ever.
 */
function wayOf(
  path: PathConfig,
  zone: string | null,
  addresses: AddressBook,
): Pick<TableRow, "device" | "scopeId"> {
  const isName = zone !== null && !/^\d+$/.test(zone);
  const device = path.interface ?? (isName ? zone : null);
  return { device, scopeId: device === null ? addresses.scopeOf(zone) : 0 };
}

function sourceBytes(path: PathConfig): Uint8Array | null {
  return path.source === null ? null : (parseAddress(path.source)?.bytes ?? null);
}
