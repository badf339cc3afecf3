/**
 * What liveness needs to know of a probe table: the paths, their targets, k, and the four numbers
 * of their liveness block. A table comes from a less privileged process: bounded here.
 */

import { US_PER_MS, US_PER_S } from "../domain/units.ts";
import type { TableRow } from "../wire/frame.ts";
import { TABLE_FLAG } from "../wire/frame.ts";

export interface PathPlan {
  /** Position in `LivenessPlan.paths`. */
  readonly index: number;
  /** As the table numbers it. */
  readonly path: number;
  /** Series of its targets that have an address. */
  readonly series: readonly number[];
  /** Targets that must live, 1..series.length. */
  readonly k: number;
  /** 0: liveness is not watched. */
  readonly downAfter: number;
  readonly upAfter: number;
  readonly confirmUs: number;
  readonly silenceUs: number;
  readonly timeoutUs: number;
  /** Time between two scheduled probes of a target, us. */
  readonly intervalUs: number;
  readonly isMetered: boolean;
  /** Targets of other paths that it may ask when all of its own are suspect; never scheduled. */
  readonly spares: readonly number[];
}

export interface LivenessPlan {
  /** Series in all. */
  readonly count: number;
  readonly paths: readonly PathPlan[];
  readonly pathOf: Int32Array;
  readonly isSpare: Uint8Array;
  /** Series of several paths that ask the same target; -1 in `groupOf`: its path's alone. */
  readonly groups: readonly (readonly number[])[];
  readonly groupOf: Int32Array;
  readonly timeoutUs: Float64Array;
  /** Scheduled probes per second. */
  readonly rate: number;
  /** How much later than its RTO a first miss may be noticed without delaying the verdict, us. */
  slackUs(path: PathPlan, rtoUs: number): number;
}

const CONFIRM_MIN_US = 10 * US_PER_MS;
/**
 * A wake-up costs more than all that is done in it: at a low rate the first miss is noticed with
 * the next send. What the verdict needs behind it still fits before `silence` ends; a quarter of
 * what is left stays in reserve.
 */
const SLACK_SHARE = 0.75;
const SLACK_MAX_US = 250 * US_PER_MS;

/** `timeoutUs` per series as the probes use it; `isLazy`: see SLACK_SHARE. */
export function planLiveness(
  rows: readonly TableRow[],
  timeoutUs: Float64Array,
  isLazy: boolean,
): LivenessPlan {
  const members = new Map<number, number[]>();
  for (const [series, row] of rows.entries()) {
    const known = members.get(row.path);
    if (known === undefined) members.set(row.path, [series]);
    else known.push(series);
  }
  const pathOf = new Int32Array(rows.length);
  const paths = [...members.values()].map((series, index) => {
    for (const one of series) pathOf[one] = index;
    return planPath(rows, series, { index, timeoutUs });
  });
  return {
    count: rows.length,
    paths,
    pathOf,
    isSpare: Uint8Array.from(rows, (row) => (isSpare(row) ? 1 : 0)),
    ...sharedTargets(rows),
    timeoutUs,
    rate: rows.reduce((sum, row) => sum + (row.intervalUs > 0 ? US_PER_S / row.intervalUs : 0), 0),
    slackUs: isLazy ? slackOf : () => 0,
  };
}

/** Paths that the table says are down already, by their index. */
export function heldDown(rows: readonly TableRow[], plan: LivenessPlan): number[] {
  const held = rows.flatMap((row, series) =>
    (row.flags & TABLE_FLAG.hardDown) === 0 ? [] : [plan.pathOf[series] ?? 0],
  );
  return [...new Set(held)];
}

/** The first row speaks for the path: its liveness block is the path's. */
function planPath(
  rows: readonly TableRow[],
  members: readonly number[],
  { index, timeoutUs }: { index: number; timeoutUs: Float64Array },
): PathPlan {
  const own = members.filter((one) => !isSpare(rows[one]));
  const first = rows[own[0] ?? 0];
  const series = own.filter((one) => rows[one]?.type !== 0);
  const isWatched =
    first !== undefined && series.length > 0 && first.confirmIntervalUs > 0 && first.silenceUs > 0;
  return {
    index,
    path: first?.path ?? 0,
    series,
    k: Math.max(1, Math.min(first?.reliability ?? 1, series.length)),
    downAfter: isWatched ? first.downAfter : 0,
    upAfter: Math.max(1, first?.upAfter ?? 1),
    confirmUs: Math.max(CONFIRM_MIN_US, first?.confirmIntervalUs ?? 0),
    silenceUs: first?.silenceUs ?? 0,
    timeoutUs: timeoutUs[series[0] ?? 0] ?? 0,
    intervalUs: first?.intervalUs ?? 0,
    isMetered: ((first?.flags ?? 0) & TABLE_FLAG.metered) !== 0,
    spares: members.filter((one) => isSpare(rows[one]) && rows[one]?.type !== 0),
  };
}

function slackOf(path: PathPlan, rtoUs: number): number {
  const neededUs = 2 * rtoUs + (path.downAfter - 1) * path.confirmUs;
  const slackUs = SLACK_SHARE * (path.silenceUs - neededUs);
  return Math.min(SLACK_MAX_US, Math.max(0, slackUs));
}

function isSpare(row: TableRow | undefined): boolean {
  return row !== undefined && (row.flags & TABLE_FLAG.spare) !== 0;
}

function sharedTargets(rows: readonly TableRow[]): Pick<LivenessPlan, "groups" | "groupOf"> {
  const asked = new Map<string, number[]>();
  for (const [series, row] of rows.entries()) {
    if (row.type === 0 || isSpare(row)) continue;
    const key = `${row.type} ${row.family} ${row.port} ${row.scopeId} ${row.target.join(".")}`;
    const known = asked.get(key);
    if (known === undefined) asked.set(key, [series]);
    else known.push(series);
  }
  const groups = [...asked.values()].filter(
    (series) => new Set(series.map((one) => rows[one]?.path)).size > 1,
  );
  const groupOf = new Int32Array(rows.length).fill(-1);
  for (const [group, series] of groups.entries()) for (const one of series) groupOf[one] = group;
  return { groups, groupOf };
}
