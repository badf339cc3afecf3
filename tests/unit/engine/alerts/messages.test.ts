import { describe, expect, test } from "bun:test";
import type { Alert } from "../../../../agent/domain/alerts.ts";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { ALERTS_MAX, messages, reachOf } from "../../../../agent/engine/alerts/messages.ts";
import { rule, settings, WALL0 } from "../../../support/alert-world.ts";

function alert(n: number, over: Partial<Alert> = {}): Alert {
  return {
    id: `a${n}`,
    rule: "r",
    type: "path-down",
    severity: "warning",
    status: "firing",
    summary: "",
    path_id: null,
    policy_id: null,
    cause: "",
    consequences: [],
    started_at_ms: unixMillis(WALL0 + n),
    resolved_at_ms: null,
    ...over,
  };
}

const wall = unixMillis(WALL0);

describe("messages()", () => {
  test("puts the root first, then the oldest, with the highest severity over all", () => {
    const all = [alert(2), alert(1), alert(3, { type: "all-down", severity: "critical" })].map(
      (one) => ({ alert: one, channels: ["ops"] }),
    );
    const { effects, sequence } = messages(all, wall, 7);
    expect(sequence).toBe(8);
    const notice = effects.find((effect) => effect.kind === "notify");
    expect(notice).toMatchObject({ channel: "ops", notification: { severity: "critical" } });
    const ids = notice?.kind === "notify" ? notice.notification.alerts.map(({ id }) => id) : [];
    expect(ids).toEqual(["a3", "a1", "a2"]);
  });

  test("splits at the limit, each part with its own id", () => {
    const all = Array.from({ length: ALERTS_MAX + 1 }, (_, n) => ({
      alert: alert(n),
      channels: ["ops"],
    }));
    const { effects } = messages(all, wall, 0);
    const records = effects.filter(({ kind }) => kind === "record");
    expect(records).toHaveLength(2);
    expect(messages(all.slice(1), wall, 0).effects).toHaveLength(2);
  });

  test("nothing to tell is no message, and no number is used", () => {
    expect(messages([], wall, 3)).toEqual({ effects: [], sequence: 3 });
  });
});

test("reachOf() is the named channels that want this severity", () => {
  const { channels } = settings();
  const reach = (over: Parameters<typeof rule>[1]) => [...reachOf(rule("r", over), channels)];
  expect(reach({})).toEqual(["ops", "pager"]);
  expect(reach({ severity: "warning" })).toEqual(["ops"]);
  expect(reach({ channels: ["pager"] })).toEqual(["pager"]);
  expect(reach({ channels: ["pager"], severity: "info" })).toEqual([]);
});
