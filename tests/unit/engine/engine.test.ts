import { describe, expect, test } from "bun:test";
import { instant, micros, US_PER_S } from "../../../agent/domain/units.ts";
import type { Effect } from "../../../agent/engine/effect.ts";
import { Engine } from "../../../agent/engine/engine.ts";
import type { EnginePath, Input } from "../../../agent/engine/input.ts";
import { FakeScores } from "../../support/fake-scores.ts";

const UNKNOWN = 0;
const UP = 1;
const DOWN = 3;

const PATH: EnginePath = {
  firstSeries: 0,
  seriesCount: 1,
  checkInterval: micros(10 * US_PER_S),
  persistEvery: 6,
  staleAfter: micros(8 * US_PER_S),
};

function at(seconds: number) {
  return instant(seconds * US_PER_S);
}

function started(paths: readonly EnginePath[] = [PATH]) {
  const scores = new FakeScores(paths.length, paths.length);
  const engine = new Engine(scores, { flushInterval: micros(300 * US_PER_S) });
  engine.handle([{ kind: "table", paths }], at(0));
  return { scores, engine };
}

function ingested(...paths: number[]): Input {
  return { kind: "ingested", paths: Uint32Array.from(paths), count: paths.length };
}

function changes(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.kind === "status-changed"
      ? [`${effect.path}: ${effect.from} -> ${effect.to} (${effect.cause})`]
      : [],
  );
}

describe("Engine", () => {
  test("handle() says nothing of a path before its first result", () => {
    const { engine } = started();
    expect(engine.handle([], at(5))).toEqual([]);
    expect(engine.status(0)).toBe("unknown");
  });

  test("handle() publishes the cache's status once per change", () => {
    const { engine, scores } = started();
    scores.result(0, UP, at(1));
    expect(changes(engine.handle([ingested(0)], at(1)))).toEqual(["0: unknown -> up (score)"]);
    scores.result(0, UP, at(2));
    expect(changes(engine.handle([ingested(0)], at(2)))).toEqual([]);
    scores.result(0, DOWN, at(3));
    expect(changes(engine.handle([ingested(0)], at(3)))).toEqual(["0: up -> down (score)"]);
  });

  test("handle() keeps a path unknown while the window has too few samples", () => {
    const { engine, scores } = started();
    scores.result(0, UNKNOWN, at(1));
    expect(engine.handle([ingested(0)], at(1))).toEqual([]);
  });

  test("handle() makes every path unknown when the worker is lost", () => {
    const { engine, scores } = started([PATH, { ...PATH, firstSeries: 1 }]);
    scores.result(0, UP, at(1));
    scores.result(1, DOWN, at(1));
    engine.handle([ingested(0, 1)], at(1));
    expect(changes(engine.handle([{ kind: "worker-lost" }], at(2)))).toEqual([
      "0: up -> unknown (worker-lost)",
      "1: down -> unknown (worker-lost)",
    ]);
  });

  test("handle() ignores results of probes sent before the worker was lost", () => {
    const { engine, scores } = started();
    scores.result(0, UP, at(1));
    engine.handle([ingested(0)], at(1));
    engine.handle([{ kind: "worker-lost" }], at(2));
    expect(changes(engine.handle([ingested(0)], at(2.1)))).toEqual([]);
    scores.result(0, UP, at(2.2));
    expect(changes(engine.handle([ingested(0)], at(2.3)))).toEqual(["0: unknown -> up (score)"]);
  });

  const staleRows = [
    { name: "just before", now: 8.999999, want: [] },
    { name: "exactly at", now: 9, want: ["0: up -> unknown (stale)"] },
  ] as const;
  test.each(staleRows)(
    "handle() turns a silent path unknown: $name staleAfter",
    ({ now, want }) => {
      const { engine, scores } = started();
      scores.result(0, UP, at(1));
      engine.handle([ingested(0)], at(1));
      expect(changes(engine.handle([], at(now)))).toEqual([...want]);
    },
  );

  test("handle() does not age evidence over a stall", () => {
    const { engine, scores } = started();
    scores.result(0, UP, at(1));
    engine.handle([ingested(0)], at(1));
    expect(changes(engine.handle([{ kind: "stalled", from: at(2), to: at(62) }], at(62)))).toEqual(
      [],
    );
    expect(changes(engine.handle([], at(69.9)))).toEqual([]);
    expect(changes(engine.handle([], at(70)))).toEqual(["0: up -> unknown (stale)"]);
  });

  test("handle() stores every sixth check of a known path", () => {
    const { engine, scores } = started();
    const stored: number[] = [];
    for (let second = 1; second <= 120; second++) {
      scores.result(0, UP, at(second));
      const effects = engine.handle([ingested(0)], at(second));
      if (effects.some((effect) => effect.kind === "record-check")) stored.push(second);
    }
    expect(stored).toEqual([60, 120]);
  });

  test("handle() stores no check of an unknown path", () => {
    const { engine } = started([{ ...PATH, persistEvery: 1 }]);
    const effects = Array.from({ length: 60 }, (_, second) => engine.handle([], at(second))).flat();
    expect(effects).toEqual([]);
  });

  test("handle() skips the checks of a stall instead of making them up", () => {
    const { engine, scores } = started([{ ...PATH, persistEvery: 1 }]);
    scores.result(0, UP, at(100));
    const effects = engine.handle([ingested(0)], at(100));
    expect(effects.filter((effect) => effect.kind === "record-check").length).toBe(1);
    expect(engine.nextWakeup()).toBe(at(108));
  });

  test("handle() flushes the journal at its interval", () => {
    const { engine } = started();
    expect(engine.handle([], at(299.9))).toEqual([]);
    expect(engine.handle([], at(300))).toEqual([{ kind: "flush-journal" }]);
  });

  test("nextWakeup() is the next check, or earlier when evidence turns stale", () => {
    const { engine, scores } = started();
    expect(engine.nextWakeup()).toBe(at(10));
    scores.result(0, UP, at(1));
    engine.handle([ingested(0)], at(1));
    expect(engine.nextWakeup()).toBe(at(9));
  });

  test("handle() uses the newest probe of all targets of a path as evidence", () => {
    const two: EnginePath = { ...PATH, seriesCount: 2 };
    const scores = new FakeScores(1, 2);
    const engine = new Engine(scores, { flushInterval: micros(US_PER_S * 300) });
    engine.handle([{ kind: "table", paths: [two] }], at(0));
    scores.series.lastSentUs[1] = at(4);
    scores.paths.status[0] = UP;
    expect(changes(engine.handle([ingested(0)], at(4)))).toEqual(["0: unknown -> up (score)"]);
    expect(engine.nextWakeup()).toBe(at(10));
  });
});
