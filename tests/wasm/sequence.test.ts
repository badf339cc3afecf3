/**
 * What sequence numbers may do to a window: wrap, jump, come late, and begin anew when the worker
 * was restarted while the windows stayed.
 */

import { describe, expect, test } from "bun:test";
import { feed, pathLayout, scorerOf } from "../support/core.ts";

function reply(seq: number, ms: number) {
  return { kind: "replied" as const, seq: seq >>> 0, rttUs: ms * 1_000 };
}

describe("jitter over sequence numbers", () => {
  test("goes on where the number wraps at 2^32", () => {
    const scorer = scorerOf(pathLayout());
    feed(
      scorer,
      [10, 20, 40, 80].map((ms, i) => reply(0xffff_fffe + i, ms)),
    );
    expect(scorer.series.jitterMs[0]).toBeCloseTo(70 / 3, 9);
    expect(scorer.series.jitterRfc3550Ms[0]).toBeGreaterThan(3);
  });

  test("an overtaken reply is paired with both of its neighbours", () => {
    const scorer = scorerOf(pathLayout());
    feed(scorer, [reply(0, 10), reply(2, 40), reply(1, 20), reply(3, 40)]);
    expect(scorer.series.jitterMs[0]).toBe(10);
  });

  test("a pair ends with the outcome that leaves the window", () => {
    const scorer = scorerOf(pathLayout({ windowProbes: 3 }));
    feed(scorer, [reply(0, 0), reply(1, 500), reply(2, 510), reply(3, 530)]);
    expect(scorer.series.jitterMs[0]).toBe(15);
  });

  test("pairs reach over 64 outcomes and no further", () => {
    for (const [between, want] of [
      [63, 20],
      [64, 10],
    ] as const) {
      const scorer = scorerOf(pathLayout({ windowProbes: 200 }));
      const others = Array.from({ length: between }, (_, i) => reply(1_000 + 2 * i, 0));
      feed(scorer, [reply(0, 0), reply(1, 10), reply(2, 20), ...others, reply(3, 60)]);
      expect(scorer.series.jitterMs[0]).toBe(want);
    }
  });
});

describe("a numbering that begins anew", () => {
  const starts = [3, 12, 50, 5_000, 0x8000_0100];
  test.each(starts)("after %d leaves nothing behind once the window is full of new", (start) => {
    const scorer = scorerOf(pathLayout({ windowProbes: 10 }));
    for (let i = 0; i < 12; i++) feed(scorer, [reply(start + i, i % 2 === 0 ? 10 : 30)]);
    expect(scorer.series.jitterMs[0]).toBe(20);
    for (let i = 0; i < 400; i++) feed(scorer, [reply(i, 20)]);
    expect(scorer.series.jitterMs[0]).toBe(0);
    expect(scorer.series.jitterRfc3550Ms[0]).toBeLessThan(1e-6);
    expect(scorer.series.latencyMs[0]).toBe(20);
    expect(scorer.series.stddevMs[0]).toBe(0);
  });

  test("and the same number twice in a window do not spoil the sums", () => {
    const scorer = scorerOf(pathLayout({ windowProbes: 6 }));
    for (let round = 0; round < 50; round++) {
      for (const seq of [0, 1, 1, 0, 2, 1]) feed(scorer, [reply(seq, (seq * 37 + round) % 50)]);
    }
    feed(
      scorer,
      [7, 7, 7, 7, 7, 7].map((ms, i) => reply(100 + i, ms)),
    );
    expect(scorer.series.jitterMs[0]).toBe(0);
    expect(scorer.series.latencyMs[0]).toBe(7);
  });
});
