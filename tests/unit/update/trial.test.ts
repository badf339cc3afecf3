import { describe, expect, test } from "bun:test";
import type { Instant } from "../../../agent/domain/units.ts";
import { instant, micros, US_PER_S } from "../../../agent/domain/units.ts";
import { Trial } from "../../../agent/update/trial.ts";

const at = (seconds: number): Instant => instant(1e9 + seconds * US_PER_S);
const LENGTH = micros(60 * US_PER_S);
const WELL = { ready: true, answering: 1 };

function ready(before = 1): Trial {
  const trial = new Trial(at(0), LENGTH, before);
  trial.becameReady();
  return trial;
}

describe("Trial", () => {
  test("commits at the exact end of a healthy trial", () => {
    const trial = ready();
    trial.reported(WELL, at(59));
    expect(trial.judge(at(59.999)).kind).toBe("watch");
    expect(trial.judge(at(60)).kind).toBe("commit");
  });

  test("a start that works is not enough: without a report it is rolled back", () => {
    const trial = ready();
    expect(trial.judge(at(60)).kind).toBe("watch");
    expect(trial.judge(at(180))).toMatchObject({ kind: "roll-back" });
  });

  test("the third death ends it", () => {
    const trial = ready();
    for (const moment of [1, 2]) {
      trial.processDied("controller", "exit code 1", at(moment));
      expect(trial.judge(at(moment)).kind).toBe("watch");
      trial.becameReady();
    }
    trial.processDied("worker", "signal SIGSEGV", at(3));
    expect(trial.judge(at(3))).toEqual({
      kind: "roll-back",
      reason: "3 failed starts (worker: signal SIGSEGV)",
    });
  });

  test("processes that do not get ready within 20 s end it", () => {
    const trial = new Trial(at(0), LENGTH, 1);
    expect(trial.judge(at(19.999)).kind).toBe("watch");
    expect(trial.judge(at(20)).kind).toBe("roll-back");
    const later = ready();
    later.processDied("worker", "exit code 1", at(30));
    expect([later.judge(at(49)).kind, later.judge(at(50)).kind]).toEqual(["watch", "roll-back"]);
  });

  test("uplinks that fail during the trial get three times its length", () => {
    const trial = ready(2);
    trial.reported({ ready: true, answering: 0 }, at(175));
    expect(trial.judge(at(179)).kind).toBe("watch");
    expect(trial.judge(at(180))).toMatchObject({ reason: "no path answers; 2 did before" });
    trial.reported(WELL, at(179));
    expect(trial.judge(at(180)).kind).toBe("commit");
  });

  test("paths that never answered prove nothing", () => {
    const trial = ready(0);
    trial.reported({ ready: true, answering: 0 }, at(59));
    expect(trial.judge(at(60)).kind).toBe("commit");
  });

  test("an old report counts as none", () => {
    const trial = ready();
    trial.reported(WELL, at(40));
    expect([trial.judge(at(60)).kind, trial.judge(at(55)).kind]).toEqual(["watch", "watch"]);
  });
});
