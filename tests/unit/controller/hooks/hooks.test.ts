import { describe, expect, test } from "bun:test";
import { Hooks, WAITING_MAX } from "../../../../agent/controller/hooks/hooks.ts";
import type { HookEnd, HookLaunch } from "../../../../agent/controller/hooks/ports.ts";
import type { HookConfig } from "../../../../agent/domain/hooks.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { failoverEvent } from "../../../support/failover-events.ts";
import { FakeLog } from "../../../support/fake-log.ts";

const AT = unixMillis(1_700_000_000_500);
const DONE: HookEnd = { kind: "exited", code: 0, output: "" };

/** Ends each program when the test says so. */
class HeldRunner {
  readonly launches: HookLaunch[] = [];
  killed = 0;
  #finish: ((end: HookEnd) => void) | null = null;

  run(launch: HookLaunch): Promise<HookEnd> {
    this.launches.push(launch);
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  kill(): void {
    this.killed++;
  }

  async end(end: HookEnd = DONE): Promise<void> {
    this.#finish?.(end);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

function hook(facts: Partial<HookConfig> = {}): HookConfig {
  return { on: ["completed"], exec: ["/bin/notify"], policy: null, timeout_secs: 10, ...facts };
}

function setUp(...hooks: readonly HookConfig[]) {
  const runner = new HeldRunner();
  const log = new FakeLog();
  const policyNames = new Map([[1, "critical"]]);
  const made = new Hooks({ hooks, nodeId: "cpe-1", policyNames }, { log, runner });
  return { hooks: made, runner, log };
}

const idOf = (launch: HookLaunch) => launch.environment["PATRONUS_EVENT_ID"];

describe("Hooks", () => {
  test("take() starts the program at once with its timeout", () => {
    const { hooks, runner } = setUp(hook({ exec: ["/bin/notify", "-v"], timeout_secs: 3 }));
    hooks.take(failoverEvent(), 41, AT);
    expect(runner.launches).toHaveLength(1);
    expect(runner.launches[0]).toMatchObject({
      command: ["/bin/notify", "-v"],
      timeout: 3_000_000,
    });
    expect(runner.launches[0]?.environment).toMatchObject({
      PATRONUS_EVENT: "completed",
      PATRONUS_EVENT_ID: "41",
      PATRONUS_POLICY_NAME: "critical",
      PATRONUS_NODE_ID: "cpe-1",
    });
  });

  test("runs one program at a time, in the order of the events", async () => {
    const { hooks, runner } = setUp(hook({ on: ["triggered", "completed"] }));
    hooks.take(failoverEvent({ type: "triggered" }), 1, AT);
    hooks.take(failoverEvent(), 2, AT);
    hooks.take(failoverEvent({ type: "triggered" }), 3, AT);
    expect(runner.launches.map(idOf)).toEqual(["1"]);
    await runner.end();
    expect(runner.launches.map(idOf)).toEqual(["1", "2"]);
    await runner.end();
    await runner.end();
    expect(runner.launches.map(idOf)).toEqual(["1", "2", "3"]);
    expect(hooks.counts).toEqual({ waiting: 0, run: 3, failed: 0, dropped: 0 });
  });

  test("several hooks of one event run in the order of the file", async () => {
    const { hooks, runner } = setUp(hook({ exec: ["/bin/a"] }), hook({ exec: ["/bin/b"] }));
    hooks.take(failoverEvent(), 1, AT);
    await runner.end();
    expect(runner.launches.map(({ command }) => command[0])).toEqual(["/bin/a", "/bin/b"]);
  });

  test("a hook of a policy hears of no other policy and of no path", () => {
    const { hooks, runner } = setUp(hook({ policy: 2, on: ["completed", "path_status"] }));
    hooks.take(failoverEvent({ policy: 1 }), 1, AT);
    hooks.statusChanged({ path: pathId("lte"), from: "up", to: "down", score: 0 }, AT);
    expect(runner.launches).toEqual([]);
    hooks.take(failoverEvent({ policy: 2 }), 2, AT);
    expect(runner.launches.map(idOf)).toEqual(["2"]);
  });

  test("an all-down is told as failed and under its own name", async () => {
    const { hooks, runner } = setUp(hook({ on: ["failed"] }), hook({ on: ["all_down"] }));
    hooks.take(failoverEvent({ type: "failed", cause: "all-down", to: null }), 1, AT);
    await runner.end();
    const names = runner.launches.map(({ environment }) => environment["PATRONUS_EVENT"]);
    expect(names).toEqual(["failed", "all_down"]);
  });

  test("beyond the bound the oldest is given up, counted and told", async () => {
    const { hooks, runner, log } = setUp(hook());
    for (let id = 0; id <= WAITING_MAX; id++) hooks.take(failoverEvent(), id, AT);
    expect(hooks.counts).toMatchObject({ waiting: WAITING_MAX, dropped: 0 });
    hooks.take(failoverEvent(), WAITING_MAX + 1, AT);
    expect(hooks.counts).toMatchObject({ waiting: WAITING_MAX, dropped: 1 });
    expect(log.messages).toEqual(["hook given up: too many wait"]);
    await runner.end();
    expect(runner.launches.map(idOf)).toEqual(["0", "2"]);
  });

  const ends = [
    { end: { kind: "exited", code: 3, output: "no" }, message: "hook failed" },
    { end: { kind: "timed-out", output: "" }, message: "hook timed out and was killed" },
    {
      end: { kind: "signalled", signal: "SIGSEGV", output: "" },
      message: "hook killed by a signal",
    },
    { end: { kind: "not-started", reason: "ENOENT" }, message: "cannot start hook" },
  ] as const satisfies readonly { end: HookEnd; message: string }[];
  test.each(ends)("says $message and goes on", async ({ end, message }) => {
    const { hooks, runner, log } = setUp(hook());
    hooks.take(failoverEvent(), 1, AT);
    hooks.take(failoverEvent(), 2, AT);
    await runner.end(end);
    expect(log.messages).toEqual([message]);
    expect(runner.launches.map(idOf)).toEqual(["1", "2"]);
    expect(hooks.counts).toMatchObject({ run: 1, failed: 1 });
  });

  test("stop() kills what runs, gives up what waits and hears nothing more", async () => {
    const { hooks, runner, log } = setUp(hook());
    for (const id of [1, 2, 3]) hooks.take(failoverEvent(), id, AT);
    hooks.stop();
    await runner.end({ kind: "signalled", signal: "SIGKILL", output: "" });
    hooks.take(failoverEvent(), 4, AT);
    expect(runner.killed).toBe(1);
    expect(runner.launches.map(idOf)).toEqual(["1"]);
    expect(log.lines).toMatchObject([
      { message: "hooks given up at the stop", fields: { hooks: 2 } },
    ]);
  });

  test("configure() is for what happens later", async () => {
    const { hooks, runner } = setUp(hook());
    hooks.take(failoverEvent(), 1, AT);
    hooks.take(failoverEvent(), 2, AT);
    hooks.configure({ hooks: [], nodeId: "cpe-1", policyNames: new Map() });
    hooks.take(failoverEvent(), 3, AT);
    await runner.end();
    await runner.end();
    expect(runner.launches.map(idOf)).toEqual(["1", "2"]);
  });
});
