/** What alerts may look at, beside what they are told as it happens. */

import type { PathId } from "../../domain/ids.ts";
import { pathId } from "../../domain/ids.ts";
import type { Status } from "../../domain/status.ts";
import { ROUTE_FAMILIES } from "../../engine/failover/input.ts";
import { describeDown } from "../../engine/failover/wording.ts";
import type { Scorer } from "../../scoring/scorer.ts";
import type { ProcessReport } from "../../wire/frame.ts";
import type { AppliedPlan } from "../current-plan.ts";
import type { FailoverPart } from "../failover/compose-failover.ts";
import type { FailoverBook } from "../failover/ports.ts";
import type { Journal, StoreState } from "../ports.ts";

export interface AlertSources {
  paths(): readonly {
    readonly id: PathId;
    readonly status: Status;
    readonly score: number | null;
  }[];
  /** Why the kernel says that nothing passes; null: it says nothing. */
  linkDown(path: PathId): string | null;
  /** Where traffic of each policy goes. */
  active(): readonly { readonly policy: number; readonly paths: readonly PathId[] }[];
  maintained(): readonly PathId[];
  processes(): ProcessReport | null;
  /** Each store with its fault; null: it is well. */
  stores(): readonly { readonly store: string; readonly fault: string | null }[];
}

export interface SourceParts {
  readonly scorer: Pick<Scorer, "paths">;
  readonly journal: Pick<Journal, "state">;
  readonly book: Pick<FailoverBook, "state">;
  current(): AppliedPlan;
  status(row: number): Status;
  failovers(): FailoverPart;
  processes(): ProcessReport | null;
}

export function alertSources(parts: SourceParts): AlertSources {
  const policies = () => parts.failovers().view.snapshot().policies;
  return {
    paths: () =>
      parts.current().config.paths.map(({ id }, row) => {
        const score = parts.scorer.paths.score[row] ?? Number.NaN;
        const status = parts.status(row);
        return { id: pathId(id), status, score: Number.isFinite(score) ? score : null };
      }),
    linkDown(path) {
      // The link is of the device, so of both families; a lost gateway is only of one.
      const { failover } = parts.failovers();
      const causes = ROUTE_FAMILIES.map((family) => failover.linkDown(path, family));
      const link = causes.find((cause) => cause === "carrier" || cause === "admin-down") ?? null;
      return link === null ? null : describeDown(link);
    },
    active: () =>
      policies().map(({ policy_id, active_path_id, active_path_id_v6 }) => {
        const ids = [active_path_id, active_path_id_v6].filter((id) => id !== null);
        return { policy: policy_id, paths: ids.map(pathId) };
      }),
    maintained: () => {
      const all = policies().flatMap(({ maintenance }) => maintenance);
      return [...new Set(all.map(({ path_id }) => pathId(path_id)))];
    },
    processes: parts.processes,
    stores: () => [
      { store: "history", fault: faultOf(parts.journal.state) },
      { store: "event log", fault: faultOf(parts.book.state.store) },
    ],
  };
}

function faultOf(state: StoreState): string | null {
  return state.kind === "failing" ? state.reason : null;
}
