/** Round-trip times for the exposition, from the book that telemetry keeps. */

import type { RttView } from "../../io/http/rtt-view.ts";
import { cumulativeCounts, RTT_BOUND_EXPONENTS } from "../../scoring/classic-buckets.ts";
import type { AppliedPlan } from "../current-plan.ts";
import type { PathObserver } from "../failover/path-observer.ts";
import type { Clock } from "../ports.ts";
import type { RttBook } from "../telemetry/rtt-book.ts";
import { ExemplarBook } from "./exemplars.ts";

export interface RttParts {
  readonly clock: Pick<Clock, "wall">;
  readonly rtt: Pick<RttBook, "open" | "totals">;
  current(): AppliedPlan;
}

export interface RttPart {
  readonly view: RttView;
  /** The observer, with a look at the outcomes on the way. */
  tapped(observer: PathObserver): PathObserver;
}

export function composeRtt({ clock, rtt, current }: RttParts): RttPart {
  const seriesOf = (series: number) => current().plan.series[series];
  const exemplars = new ExemplarBook(clock, (series) => seriesOf(series)?.path ?? null);
  let revision = -1;
  const view: RttView = {
    bounds: RTT_BOUND_EXPONENTS.map((exponent) => 2 ** exponent),
    row(index) {
      // From the first question on: boxes that nobody scrapes pay nothing.
      rtt.open();
      const totals = rtt.totals(index);
      if (totals === null) return null;
      const counts = cumulativeCounts(totals.histogram, RTT_BOUND_EXPONENTS);
      return { counts, count: totals.count, sumSeconds: totals.sumSeconds };
    },
    exemplar(index) {
      if (revision !== current().revision) exemplars.clear();
      revision = current().revision;
      const sample = exemplars.take(index);
      const target = sample === null ? undefined : seriesOf(sample.series)?.target.host;
      return sample === null || target === undefined ? null : { ...sample, target };
    },
  };
  return { view, tapped: (observer) => tap(observer, exemplars) };
}

function tap(observer: PathObserver, exemplars: ExemplarBook): PathObserver {
  return {
    ingested(records, paths, count) {
      observer.ingested(records, paths, count);
      exemplars.ingested(records);
    },
    statusChanged: (path) => observer.statusChanged(path),
    verdict: (kind, index) => observer.verdict(kind, index),
    stalled: (from, to) => observer.stalled(from, to),
    peerChanged: (generation) => observer.peerChanged(generation),
    frame: (frame, header) => observer.frame(frame, header),
  };
}
