/** Outcome records to directions, per STAMP series. */

import { describe, expect, test } from "bun:test";
import { DirectionBook } from "../../../agent/controller/direction-book.ts";
import { planProbes } from "../../../agent/controller/probe-table.ts";
import { pathIndex } from "../../../agent/domain/ids.ts";
import { OUTCOME, OUTCOME_FLAG } from "../../../agent/domain/outcome.ts";
import type { OutcomeRecord } from "../../../agent/wire/frame.ts";
import { OUTCOME_SIZE, viewOf, writeOutcome } from "../../../agent/wire/frame.ts";
import { agentConfig, PROBE, pathConfig } from "../../support/configs.ts";

const NONE = {
  one_way_forward_ms: null,
  one_way_backward_ms: null,
  forward_loss_pct: null,
  backward_loss_pct: null,
};
const FLAGS = OUTCOME_FLAG.oneWay | OUTCOME_FLAG.counted;

/** Series 0 is ICMP, 1 (path 1) is STAMP. */
function book(): DirectionBook {
  const stamp = pathConfig("b", ["192.0.2.2"]);
  const targets = [{ host: "192.0.2.2", probe: { ...PROBE, type: "stamp" as const } }];
  const config = agentConfig([pathConfig("a", ["192.0.2.1"]), { ...stamp, targets }]);
  const made = new DirectionBook();
  made.configure(planProbes(config, { known: new Map(), scopeOf: () => 0 }));
  return made;
}

function records(...list: readonly Partial<OutcomeRecord>[]): Uint8Array {
  const bytes = new Uint8Array(list.length * OUTCOME_SIZE);
  const plain = { series: 1, kind: OUTCOME.replied, flags: FLAGS, code: 0, seq: 0, sentUs: 0 };
  for (const [i, record] of list.entries()) {
    writeOutcome(viewOf(bytes), i * OUTCOME_SIZE, { ...plain, rttUs: 0, ...record });
  }
  return bytes;
}

describe("DirectionBook", () => {
  test("of() gives delays and losses of a STAMP series, and nothing of another", () => {
    const made = book();
    made.ingest(
      records(
        { seq: 0, code: 65_535, rttUs: 3_000, forwardUs: -500 },
        { seq: 1, kind: OUTCOME.expired, flags: 0 },
        { seq: 2, kind: OUTCOME.unsent, flags: 0, code: 105 },
        { seq: 3, code: 0, rttUs: 5_000, forwardUs: 1_500, kind: OUTCOME.late },
        { seq: 4, code: 2, rttUs: 5_000, forwardUs: 1_500, flags: OUTCOME_FLAG.counted },
        { series: 0, seq: 0, code: 9, rttUs: 1, forwardUs: 1 },
      ),
    );
    expect(made.of(0)).toEqual(NONE);
    expect(made.of(1)).toEqual({
      one_way_forward_ms: 0.5,
      one_way_backward_ms: 3.5,
      forward_loss_pct: 0,
      backward_loss_pct: 100 / 3,
    });
  });

  test("configure() and resetPath() start the windows anew", () => {
    const made = book();
    const some = records({ seq: 0, forwardUs: 1_000, rttUs: 2_000 });
    made.ingest(some);
    made.resetPath(pathIndex(0));
    expect(made.of(1).one_way_forward_ms).toBe(1);
    made.resetPath(pathIndex(1));
    expect(made.of(1)).toEqual(NONE);
    made.ingest(some);
    expect(made.of(1).one_way_forward_ms).toBe(1);
  });

  test("ingest() reads whole records only", () => {
    const made = book();
    made.ingest(records({ seq: 0, forwardUs: 1_000 }).subarray(0, OUTCOME_SIZE - 1));
    expect(made.of(1)).toEqual(NONE);
  });
});
