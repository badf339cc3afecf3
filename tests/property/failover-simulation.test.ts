/**
 * The failover engine in a seeded world, for thousands of hours. A failure names its seed. FULL=1
 * runs twenty times as long.
 */

import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../agent/worker/prng.ts";
import type { ModelPath } from "../support/failover-model.ts";
import { FailoverModel } from "../support/failover-model.ts";
import { FailoverScript } from "../support/failover-steps.ts";
import { FailoverWorld } from "../support/failover-world.ts";

const IS_FULL = process.env["FULL"] === "1";
const WORLDS = IS_FULL ? 1_000 : 50;
const HOURS = 20;
const MODEL_SEEDS = IS_FULL ? 400 : 20;
const MODEL_HOURS = 10;
const NAMES = ["fiber", "lte", "dsl"] as const;

const CAUSES = [
  ...["hard-down", "score", "failback", "maintenance", "pin", "operator", "follow"],
  "reconfigured",
];

/** Paths that wander, with long calm times in which timers can fill. */
function wander(paths: readonly ModelPath[], random: () => number): void {
  for (const path of paths) {
    if (random() < 0.6) continue;
    if (random() < 0.1) path.cut = !path.cut && random() < 0.5;
    path.score = random() < 0.4 ? 95 : Math.round(random() * 1_000) / 10;
  }
}

/** Plays one seed; returns how many moves there were. */
function compare(seed: number): number {
  const random = seededRandom(seed);
  const paths: ModelPath[] = NAMES.map(() => ({ score: 100, cut: false }));
  const model = new FailoverModel(NAMES.length);
  const script = new FailoverScript().started();
  model.tell(paths);
  let next = 1;
  for (let second = 1; second < MODEL_HOURS * 3_600; second++) {
    model.tick();
    model.decide(paths, second);
    if (second < next) continue;
    next = second + Math.ceil(random() < 0.15 ? random() * 2_000 : random() * 40);
    script.at(second);
    expectSame(script, model, `seed ${seed}, ${second} s, before`);
    wander(paths, random);
    const told = paths.map(({ score, cut }, i) => [NAMES[i] ?? "", cut ? "carrier" : score]);
    model.tell(paths);
    model.decide(paths, second);
    script.tellAll(Object.fromEntries(told));
    expectSame(script, model, `seed ${seed}, ${second} s`);
  }
  return script.moves().length;
}

function expectSame(script: FailoverScript, model: FailoverModel, when: string): void {
  const wanted = NAMES[model.active];
  if (script.active() === wanted) return;
  throw new Error(`${when}: on ${script.active()}, the model is on ${wanted}`);
}

test(`FailoverEngine moves as the reference model for ${MODEL_SEEDS * MODEL_HOURS} hours`, () => {
  let moves = 0;
  for (let seed = 1; seed <= MODEL_SEEDS; seed++) moves += compare(seed);
  expect(moves).toBeGreaterThan(MODEL_SEEDS * MODEL_HOURS);
}, 600_000);

describe("FailoverEngine in a seeded world", () => {
  test(`holds its invariants for ${WORLDS * HOURS} hours`, () => {
    const causes = new Map<string, number>();
    for (let seed = 1; seed <= WORLDS; seed++) {
      const world = new FailoverWorld(seed);
      try {
        world.run(HOURS);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error}`, { cause: error });
      }
      for (const { type, cause } of world.events) {
        const key = `${type} ${cause}`;
        causes.set(key, (causes.get(key) ?? 0) + 1);
      }
    }
    // A world in which nothing happens proves nothing.
    for (const cause of CAUSES) {
      expect([cause, causes.get(`completed ${cause}`) ?? 0]).not.toEqual([cause, 0]);
    }
    expect(causes.get("failed all-down")).toBeGreaterThan(0);
  }, 600_000);
});
