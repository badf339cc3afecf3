import { expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { historyRows, pathBody, rounded } from "../../../../agent/io/http/json.ts";
import { FakeView } from "../../../support/fake-view.ts";

test("rounded() keeps six decimals and makes null of what is no number", () => {
  expect([1.23456789, 4e-7, 5e-7, 12, 0].map(rounded)).toEqual([1.234568, 0, 1e-6, 12, 0]);
  expect([null, Number.NaN, Number.POSITIVE_INFINITY].map(rounded)).toEqual([null, null, null]);
});

test("pathBody() leaves no number with more than six decimals", () => {
  const view = new FakeView();
  view.metrics.set(0, "up", 99.123456);
  const [path] = view.snapshot().paths;
  if (path === undefined) throw new Error("no path");
  const third = 1 / 3;
  const target = {
    suspect: false,
    host: "h",
    address: null,
    probe: "icmp",
    status: path.status,
    outcomes: {},
  };
  const statistics = {
    health_score: third,
    latency_ms: third,
    packet_loss_pct: third,
    one_way_forward_ms: third,
    one_way_backward_ms: third,
    forward_loss_pct: third,
    backward_loss_pct: third,
  };
  const numbers = Object.fromEntries(
    Object.entries(path)
      .filter(([key]) => /(_ms|_pct|score|mos)$/.test(key))
      .map(([key]) => [key, third]),
  );
  const body = pathBody({ ...path, ...numbers, targets: [{ ...target, ...statistics }] });
  expect(JSON.stringify(body)).not.toContain("0.3333333");
  expect(JSON.stringify(body).match(/0\.333333/g)?.length).toBe(20);
});

test("historyRows() rounds, and keeps what does not exist null", () => {
  const row = {
    health_id: 1,
    path_id: pathId("p"),
    timestamp: unixSeconds(1),
    latency_ms: null,
    packet_loss_pct: 33.333333333,
    jitter_ms: 0.123456789,
    health_score: 50.00000049,
    status: "down" as const,
  };
  expect(historyRows({ rows: [row], next_cursor: null })).toEqual([
    { ...row, packet_loss_pct: 33.333333, jitter_ms: 0.123457, health_score: 50 },
  ]);
});
