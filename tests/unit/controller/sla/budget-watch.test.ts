import { describe, expect, test } from "bun:test";
import type { BudgetNews, Burn } from "../../../../agent/controller/sla/budget-watch.ts";
import { BudgetWatch } from "../../../../agent/controller/sla/budget-watch.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";

const RATES = { "5m": 20, "30m": 16, "1h": 15, "6h": 7, "3d": 1.25 };
const FIBER = { kind: "path", id: "fiber" } as const;
const BURNING: Burn = { subject: FIBER, rates: RATES, level: "page" };
const CALM: Burn = { ...BURNING, level: "ok" };

function watched(burns: readonly Burn[]) {
  const clock = new FakeClock();
  const news: BudgetNews[] = [];
  const state = { burns, isSane: true, isListening: true, reads: 0 };
  const watch = new BudgetWatch({
    ...{ clock, timers: clock, log: new FakeLog() },
    guard: state,
    async burns() {
      state.reads += 1;
      return state.burns;
    },
  });
  watch.listen({ isListening: () => state.isListening, take: (item) => news.push(item) });
  return { clock, news, state, watch };
}

describe("BudgetWatch", () => {
  test("tells what burns and how fast, and that it ended", async () => {
    const { watch, news, state } = watched([BURNING]);
    await watch.look();
    state.burns = [CALM];
    await watch.look();
    const burning = "page: burn rate 15.0 over 1h, 7.0 over 6h (1 spends it by the month's end)";
    const head = { kind: "budget", objective: "path fiber", path: "fiber", policy: null };
    expect<unknown>(news).toEqual([
      { ...head, burning },
      { ...head, burning: null },
    ]);
  });

  test("an objective that was taken out while it burnt burns no more", async () => {
    const { watch, news, state } = watched([BURNING]);
    await watch.look();
    state.burns = [];
    await watch.look();
    expect(news.at(-1)).toMatchObject({ objective: "path fiber", burning: null });
    await watch.look();
    expect(news).toHaveLength(2);
  });

  test.each([
    { name: "the clock is not set", state: { isSane: false } },
    { name: "nobody listens", state: { isListening: false } },
  ])("reads nothing while $name", async ({ state }) => {
    const watching = watched([BURNING]);
    Object.assign(watching.state, state);
    await watching.watch.look();
    expect(watching.state.reads).toBe(0);
    expect(watching.news).toEqual([]);
  });

  test("looks every two minutes, and no more after its stop", async () => {
    const { watch, clock, state } = watched([]);
    watch.start();
    clock.advance(119_000);
    expect(state.reads).toBe(0);
    clock.advance(1_000);
    await Bun.sleep(0);
    expect(state.reads).toBe(1);
    clock.advance(120_000);
    await Bun.sleep(0);
    expect(state.reads).toBe(2);
    watch.stop();
    clock.advance(600_000);
    await Bun.sleep(0);
    expect(state.reads).toBe(2);
  });
});
