import { describe, expect, test } from "bun:test";
import { TrackFile } from "../../../../agent/controller/coordination/track-file.ts";
import type { TrackFileConfig } from "../../../../agent/domain/hooks.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import { failoverEvent } from "../../../support/failover-events.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";

const FIBER = pathId("fiber");
const LTE = pathId("lte");

function setUp(of: TrackFileConfig["of"] = { kind: "policy", policy: 1 }) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const written: number[] = [];
  const disk = { problem: null as string | null };
  const values = { primary: 0, backup: 30, down: 100 };
  const config = { path: "/run/wan", of, values, dwell_secs: 10 };
  const write = (_path: string, value: number) => {
    if (disk.problem === null) written.push(value);
    return disk.problem;
  };
  const parts = { clock, timers: clock, log, write };
  return { file: new TrackFile(config, FIBER, parts), clock, log, written, disk };
}

describe("TrackFile", () => {
  test("writes nothing before anything is known", () => {
    expect(setUp().file.value).toBeNull();
  });

  test("writes the first state at once and an equal one never again", () => {
    const { file, clock, written } = setUp();
    file.activeChanged(1, 4, FIBER);
    clock.advance(60_000);
    file.activeChanged(1, 4, FIBER);
    expect(written).toEqual([0]);
  });

  test("a second change waits for the end of the dwell time", () => {
    const { file, clock, written } = setUp();
    file.activeChanged(1, 4, FIBER);
    clock.advance(4_000);
    file.take(failoverEvent({ to: LTE }));
    clock.advance(5_999);
    expect(written).toEqual([0]);
    clock.advance(1);
    expect(written).toEqual([0, 30]);
  });

  test("what has passed at the end of the dwell time is never written", () => {
    const { file, clock, written } = setUp();
    file.activeChanged(1, 4, FIBER);
    file.take(failoverEvent({ to: LTE }));
    clock.advance(2_000);
    file.take(failoverEvent({ to: FIBER }));
    clock.advance(60_000);
    expect(written).toEqual([0]);
    expect(clock.armed).toBe(0);
  });

  test("an all-down waits for nothing, its end for the dwell time", () => {
    const { file, clock, written } = setUp();
    file.activeChanged(1, 4, FIBER);
    file.take(failoverEvent({ type: "failed", cause: "all-down", to: null }));
    expect(written).toEqual([0, 100]);
    file.allDown(1, 4, false);
    clock.advance(9_999);
    expect(written).toEqual([0, 100]);
    clock.advance(1);
    expect(written).toEqual([0, 100, 0]);
  });

  test("a failed move that is no all-down changes nothing", () => {
    const { file, written } = setUp();
    file.activeChanged(1, 4, FIBER);
    file.take(failoverEvent({ type: "failed" }));
    expect(written).toEqual([0]);
  });

  test("other policies do not count, and IPv6 only where IPv4 is not known", () => {
    const { file, clock, written } = setUp();
    file.activeChanged(2, 4, LTE);
    file.activeChanged(1, 6, LTE);
    clock.advance(20_000);
    file.activeChanged(1, 4, FIBER);
    clock.advance(20_000);
    file.allDown(1, 6, true);
    expect(written).toEqual([30, 0]);
  });

  test("of a path: up, degraded and down are three numbers, unknown is none", () => {
    const { file, clock, written } = setUp({ kind: "path", path: "fiber" });
    for (const status of ["unknown", "up", "unknown", "degraded", "down"] as const) {
      file.statusChanged(FIBER, status);
      file.statusChanged(LTE, "down");
      clock.advance(11_000);
    }
    expect(written).toEqual([0, 30, 100]);
  });

  test("a file that cannot be written is told and tried again", () => {
    const { file, clock, log, written, disk } = setUp();
    disk.problem = "ENOENT";
    file.activeChanged(1, 4, FIBER);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { reason: "ENOENT" } }]);
    disk.problem = null;
    clock.advance(20_000);
    expect(written).toEqual([0]);
    expect(file.value).toBe(0);
  });

  test("stop() writes nothing more", () => {
    const { file, clock, written } = setUp();
    file.activeChanged(1, 4, FIBER);
    file.activeChanged(1, 4, LTE);
    file.stop();
    clock.advance(60_000);
    file.allDown(1, 4, true);
    expect(written).toEqual([0]);
  });
});
