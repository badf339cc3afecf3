import { describe, expect, test } from "bun:test";
import { MemoryWatch } from "../../../agent/controller/memory-watch.ts";
import type { MemoryRoom } from "../../../agent/controller/ports.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeLog } from "../../support/fake-log.ts";

const LIMIT = 64e6;

function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  let room: MemoryRoom | null = null;
  const faults = new Map<number, number>();
  const parts = { clock, timers: clock, log, read: () => room, faults: () => new Map(faults) };
  const watch = new MemoryWatch(parts);
  const leave = (available_bytes: number, limit_bytes = LIMIT) => {
    room = { bound: "control group", limit_bytes, available_bytes };
  };
  return { clock, log, faults, watch, leave };
}

describe("MemoryWatch", () => {
  test("says nothing while nobody tells, or enough is left", () => {
    const { watch, leave } = world();
    watch.look();
    expect([watch.room, watch.problems()]).toEqual([null, []]);
    leave(6.5e6);
    watch.look();
    expect(watch.problems()).toEqual([]);
  });

  test("names the bound and what to do, once per episode, until half as much again is left", () => {
    const { clock, log, watch, leave } = world();
    leave(6.3e6);
    watch.start();
    const said =
      "memory of the control group is short, 6.3 MB of 64.0 MB left: raise its limit " +
      "(MemoryMax=), or watch fewer paths";
    expect(watch.problems()).toEqual([said]);
    leave(9.5e6);
    clock.advance(15_000);
    expect(watch.problems()).toHaveLength(1);
    leave(9.7e6);
    clock.advance(15_000);
    expect(watch.problems()).toEqual([]);
    expect(log.lines.map(({ message }) => message)).toEqual([said, "memory suffices again"]);
    watch.stop();
    expect(clock.armed).toBe(0);
  });

  test("pages read again count, but not those of a process that starts", () => {
    const { faults, watch, leave } = world();
    leave(30e6);
    faults.set(7, 5_000);
    watch.look();
    expect(watch.problems()).toEqual([]);
    faults.set(7, 5_200).set(8, 9_000);
    watch.look();
    expect(watch.problems()).toEqual([]);
    faults.set(7, 5_350).set(8, 9_150);
    watch.look();
    expect(watch.problems()).toEqual([
      "memory of the control group is short, 64.0 MB, 300 pages of the program read again in " +
        "15 s: raise its limit (MemoryMax=), or watch fewer paths",
    ]);
    watch.look();
    expect(watch.problems()).toEqual([]);
  });

  test("of a large machine 16 MB are enough", () => {
    const { watch, leave } = world();
    leave(17e6, 4e9);
    watch.look();
    expect(watch.problems()).toEqual([]);
    leave(15e6, 4e9);
    watch.look();
    expect(watch.problems()).toHaveLength(1);
  });
});
