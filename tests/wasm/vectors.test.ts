import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { limitingOf, statusOf } from "../../agent/domain/status.ts";
import { feed, pathLayout, scorerOf } from "../support/core.ts";

interface Triple {
  readonly latency: number;
  readonly loss: number;
  readonly jitter: number;
}

interface Vector {
  readonly latency_ms: number | null;
  readonly loss_pct: number;
  readonly jitter_ms: number | null;
  readonly score: number;
  readonly composite: number;
  readonly penalties: Triple;
  readonly caps: Triple;
  readonly limiting?: string;
  readonly status: string;
}

const file: { vectors: Vector[] } = JSON.parse(
  readFileSync(join(import.meta.dir, "../vectors/score.json"), "utf8"),
);

function near(got: number, want: number): boolean {
  return Math.abs(got - want) <= 1e-9 * Math.max(Math.abs(want), Number.MIN_VALUE);
}

describe("scoreOf() of the core", () => {
  test("there are reference values", () => {
    expect(file.vectors.length).toBeGreaterThan(20);
  });

  const scored = file.vectors.filter((vector) => vector.latency_ms !== null);
  const unreplied = file.vectors.filter((vector) => vector.latency_ms === null);

  test.each(scored.map((vector, i) => [i, vector] as const))("vector %d", (_, vector) => {
    const scorer = scorerOf(pathLayout());
    const { latency_ms, loss_pct, jitter_ms } = vector;
    const got = scorer.scoreOf(0, latency_ms ?? Number.NaN, loss_pct, jitter_ms ?? Number.NaN);
    if (got === null) throw new Error("rejected");
    const pairs: [string, number, number][] = [
      ["score", got.score, vector.score],
      ["composite", got.composite, vector.composite],
      ...(["latency", "loss", "jitter"] as const).flatMap((metric): [string, number, number][] => [
        [`penalty of ${metric}`, got.penalties[metric], vector.penalties[metric]],
        [`cap of ${metric}`, got.caps[metric], vector.caps[metric]],
      ]),
    ];
    expect(pairs.filter(([, a, b]) => !near(a, b))).toEqual([]);
    expect(got.status).toBe(vector.status as never);
    if (vector.limiting !== undefined) expect(got.limiting).toBe(vector.limiting as never);
  });

  test("nothing replied: score, status and limiting metric of the reference", () => {
    const scorer = scorerOf(pathLayout());
    feed(
      scorer,
      Array.from({ length: 10 }, (_, seq) => ({ kind: "expired", seq })),
    );
    expect(unreplied.length).toBe(1);
    for (const vector of unreplied) {
      expect(scorer.paths.score[0]).toBe(vector.score);
      expect(scorer.series.composite[0]).toBe(vector.composite);
      expect(statusOf(scorer.paths.status[0] ?? 0)).toBe(vector.status as never);
      expect(limitingOf(scorer.paths.limiting[0] ?? 0)).toBe(vector.limiting as never);
    }
  });
});
