import { expect, test } from "bun:test";
import { queueLines } from "../../../agent/cli/queue.ts";
import type { DestinationState } from "../../../agent/controller/queue/ports.ts";
import { unixMillis } from "../../../agent/domain/units.ts";

const IDLE: DestinationState = {
  ...{ name: "otlp:default", state: "idle" as const, items: 0, bytes: 0, stored_items: 0 },
  ...{ oldest_age_secs: null, delivered: 120, partial: 0, rejected: 0, retries: 0 },
  ...{ dropped: { age: 0, size: 0, disk: 0, corrupt: 0, refused: 0 } },
  ...{ last_success_ms: null, last_error: null, next_attempt_secs: null },
};

test("queueLines() says that nothing is pushed, and how to change that", () => {
  const nothing = { is_open: false, fault: null, destinations: [], dead_letters: [] };
  expect(queueLines(nothing)).toEqual(["nothing is pushed: otlp and alerts.channels are empty"]);
});

test("queueLines() tells what waits, what was lost, and what was refused in whose words", () => {
  const waiting = {
    ...IDLE,
    ...{
      name: "otlp:noc",
      state: "waiting" as const,
      items: 612,
      bytes: 1_234_567,
      stored_items: 610,
    },
    ...{ oldest_age_secs: 3_600.4, rejected: 2, next_attempt_secs: 12.3 },
    ...{ dropped: { ...IDLE.dropped, size: 4 }, last_error: "connection refused" },
  };
  const at = unixMillis(1_795_000_000_000);
  const letter = {
    ...{
      destination: "otlp:noc",
      kind: "metrics" as const,
      id: "a",
      created_at_ms: at,
      failed_at_ms: at,
    },
    ...{ status: 400, answer: "unknown field", count: 3 },
  };
  expect(
    queueLines({
      is_open: true,
      fault: "disk full",
      destinations: [IDLE, waiting],
      dead_letters: [letter, { ...letter, status: null, count: 1 }],
    }),
  ).toEqual([
    "not stored: disk full",
    "otlp:default: idle, 120 delivered",
    "otlp:noc: waiting, 120 delivered, 2 points refused, 4 dropped (size)",
    "  612 wait (1234.6 kB, 610 on disk, the oldest 3600 s old); next attempt in 12 s: connection refused",
    "refused for good by otlp:noc at 2026-11-18 11:06:40Z (3 times): 400 unknown field",
    "refused for good by otlp:noc at 2026-11-18 11:06:40Z: unknown field",
  ]);
});
