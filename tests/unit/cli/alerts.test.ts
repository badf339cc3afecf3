import { expect, test } from "bun:test";
import { alertLines, messageLines } from "../../../agent/cli/alerts.ts";

const AT = 1_795_000_000_000;

test("alertLines() and messageLines() give the time of the world, not one of milliseconds", () => {
  const alert = {
    ...{ state: "firing", severity: "critical", summary: "fiber is down" },
    ...{ started_at_ms: AT, consequences: ["office moved to lte"] },
  };
  expect(alertLines([alert as unknown as Parameters<typeof alertLines>[0][number]])).toEqual([
    "firing   critical since 2026-11-18 11:06:40Z  fiber is down",
    "                  because of it: office moved to lte",
  ]);
  const message = { created_at_ms: AT, status: "firing", alerts: [alert] };
  expect(messageLines(message as unknown as Parameters<typeof messageLines>[0])).toEqual([
    "2026-11-18 11:06:40Z  firing   critical fiber is down",
  ]);
});
