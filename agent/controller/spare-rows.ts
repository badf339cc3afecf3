/**
 * Rows of the probe table that nobody schedules: for a path all of whose targets are asked by other
 * paths too, targets of those by its own uplink. Should all of its own be suspect, the worker asks
 * them to know whether the path lives. They have no series beyond the table: nothing is counted.
 */

import type { ParsedAddress } from "../domain/address.ts";
import type { AgentConfig, PathConfig, TargetConfig } from "../domain/config.ts";
import type { TableRow } from "../wire/frame.ts";
import { TABLE_FLAG } from "../wire/frame.ts";

const SPARES_MAX = 2;

interface Asked {
  readonly path: number;
  readonly target: TargetConfig;
  readonly address: ParsedAddress | null;
}

/** `rowOf`: a target by the uplink of a path. */
export function spareRows(
  config: AgentConfig,
  series: readonly Asked[],
  rowOf: (
    path: PathConfig,
    target: TargetConfig,
    address: ParsedAddress | null,
  ) => Omit<TableRow, "path" | "phase">,
): readonly TableRow[] {
  return config.paths.flatMap((entry, path) =>
    sparesOf(config, entry).flatMap((target) => {
      const own = series.filter((one) => one.path === path);
      const address = series.find((one) => one.target === target)?.address ?? null;
      // Where no target of its own has this family, the uplink may not have it either.
      if (!own.some((one) => one.address?.family === address?.family)) return [];
      const row = rowOf(entry, target, address);
      const flags = row.flags | TABLE_FLAG.spare;
      return [{ ...row, path, flags, intervalUs: 0, phase: 0 }];
    }),
  );
}

function sparesOf(config: AgentConfig, entry: PathConfig): readonly TargetConfig[] {
  const others = config.paths.filter((path) => path !== entry);
  const isShared = (target: TargetConfig) =>
    others.some((path) => path.targets.some((other) => isSame(other, target)));
  if (!entry.targets.every(isShared)) return [];
  const spares: TargetConfig[] = [];
  for (const target of others.flatMap(({ targets }) => targets)) {
    const isKnown = [...entry.targets, ...spares].some((one) => isSame(one, target));
    // A STAMP session is one sender's.
    if (!isKnown && target.probe.type !== "stamp") spares.push(target);
  }
  return spares.slice(0, SPARES_MAX);
}

function isSame(a: TargetConfig, b: TargetConfig): boolean {
  return a.host === b.host && a.probe.type === b.probe.type && a.probe.port === b.probe.port;
}
