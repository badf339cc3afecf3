/** What telemetry reads, made of the parts that the controller has anyway. */

import type { Status } from "../../domain/status.ts";
import type { Scorer } from "../../scoring/scorer.ts";
import type { AppliedPlan } from "../current-plan.ts";
import type { TelemetryPath, TelemetryPolicy, TelemetrySource } from "./ports.ts";
import type { RttBook } from "./rtt-book.ts";

export interface SourceParts {
  readonly scorer: Scorer;
  readonly rtt: RttBook;
  status(path: number): Status;
  current(): AppliedPlan;
  policies(): readonly TelemetryPolicy[];
}

export function telemetrySource(parts: SourceParts): TelemetrySource {
  return {
    get paths() {
      return pathsOf(parts.current());
    },
    scorer: parts.scorer,
    status: (row) => parts.status(row),
    rtt: (row) => parts.rtt.totals(row),
    policies: () => parts.policies(),
  };
}

function pathsOf({ config, plan }: AppliedPlan): readonly TelemetryPath[] {
  return config.paths.map((path, row) => ({
    id: path.id,
    name: path.name,
    interface: path.interface,
    firstSeries: plan.layouts[row]?.firstSeries ?? 0,
    seriesCount: plan.layouts[row]?.seriesCount ?? 0,
  }));
}
