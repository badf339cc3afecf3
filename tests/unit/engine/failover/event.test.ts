import { describe, expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { eventOf, policyEvent } from "../../../../agent/engine/failover/event.ts";
import { PathBook } from "../../../../agent/engine/failover/path-book.ts";
import { condition, policyConfig, seconds } from "../../../support/failover-steps.ts";

const WINDOW = {
  samples: 50,
  latency_ms: 12,
  packet_loss_pct: 30,
  jitter_ms: 1,
  limiting: "loss",
} as const;

function record(from: string | null, to: string | null) {
  const book = new PathBook();
  book.take({ ...condition("fiber", 41, seconds(1)), window: WINDOW });
  book.take(condition("lte", 92, seconds(1)));
  book.take({ ...condition("dsl", "carrier", seconds(1)), score: 88, window: WINDOW });
  const path = (name: string | null) => (name === null ? null : pathId(name));
  const facts = {
    type: "triggered",
    order: 1,
    cause: "score",
    reason: "",
    duration: null,
  } as const;
  const subject = { policy: policyConfig(), family: 4 } as const;
  return eventOf({ ...facts, from: path(from), to: path(to) }, subject, book);
}

describe("eventOf()", () => {
  test.each([
    { from: "fiber", to: "lte", primary: 41, backup: 92 },
    { from: "lte", to: "fiber", primary: 41, backup: 92 },
    { from: "lte", to: "dsl", primary: 41, backup: 0 },
    { from: "fiber", to: null, primary: 41, backup: 92 },
    { from: null, to: null, primary: 41, backup: 92 },
  ])("$from > $to has the scores $primary and $backup", ({ from, to, primary, backup }) => {
    expect(record(from, to)).toMatchObject({ primaryScore: primary, backupScore: backup });
  });

  test("keeps the window of both paths; a dead one scores 0 whatever its window says", () => {
    expect<unknown>(record("fiber", "dsl").evidence).toEqual([
      { path: "fiber", score: 41, window: WINDOW },
      { path: "dsl", score: 0, window: WINDOW },
    ]);
  });

  test("a path of which nothing is known has no score", () => {
    expect<unknown>(record("cable", null).evidence).toEqual([
      { path: "cable", score: null, window: null },
    ]);
  });
});

test.each([
  { enabled: true, type: "policy_enabled" },
  { enabled: false, type: "policy_disabled" },
] as const)("policyEvent() of enabled $enabled is $type", ({ enabled, type }) => {
  const event = policyEvent(policyConfig(), enabled, "by ann");
  expect(event).toMatchObject({ type, policy: 1, family: null, order: null, reason: "by ann" });
});
