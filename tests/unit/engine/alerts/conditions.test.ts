import { describe, expect, test } from "bun:test";
import { instant } from "../../../../agent/domain/units.ts";
import { Conditions } from "../../../../agent/engine/alerts/conditions.ts";
import { completed, FIBER, LTE, settings } from "../../../support/alert-world.ts";

const T0 = instant(1_000_000);

function make() {
  const conditions = new Conditions(settings());
  const keys = () => [...conditions.values()].map(({ key }) => key);
  return { conditions, keys };
}

describe("Conditions", () => {
  test("a path that is down is degraded too, and its link when the kernel says so", () => {
    const { conditions, keys } = make();
    const down = { kind: "path", path: FIBER, status: "down", score: 0, link: null } as const;
    conditions.take(down, T0);
    expect(keys()).toEqual(["path-down:fiber", "path-degraded:fiber"]);
    conditions.take({ ...down, link: "carrier lost" }, instant(2_000_000));
    expect(conditions.get("path-down:fiber")).toMatchObject({ since: T0, cause: "carrier lost" });
    expect(keys()).toContain("link-down:fiber");
    conditions.take({ ...down, status: "degraded" }, T0);
    expect(keys()).toEqual(["path-degraded:fiber"]);
  });

  test("the family that follows neither begins a move nor ends one", () => {
    const { conditions, keys } = make();
    const follow = completed({ family: 6, cause: "follow" });
    conditions.take({ kind: "failover", event: follow }, T0);
    expect(keys()).toEqual([]);
    conditions.take({ kind: "failover", event: completed() }, T0);
    conditions.take({ kind: "failover", event: follow }, T0);
    expect(keys()).toEqual(["failover:1"]);
  });

  test("a second move keeps the path that was left first", () => {
    const { conditions } = make();
    conditions.take({ kind: "failover", event: completed() }, T0);
    const again = completed({ from: LTE, to: LTE, cause: "score" });
    conditions.take({ kind: "failover", event: again }, instant(5_000_000));
    expect(conditions.get("failover:1")).toMatchObject({ path: FIBER, since: T0 });
  });

  test("an event ends by itself, ten minutes after it came last", () => {
    const { conditions, keys } = make();
    const restarted = { kind: "restarted", process: "worker", reason: "" } as const;
    conditions.take(restarted, T0);
    conditions.take(restarted, instant(101_000_000));
    expect(conditions.nextWakeup()).toBe(instant(701_000_000));
    conditions.expire(instant(700_999_999));
    expect(keys()).toHaveLength(1);
    conditions.expire(instant(701_000_000));
    expect(keys()).toEqual([]);
  });
});
