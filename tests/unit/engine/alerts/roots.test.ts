import { describe, expect, test } from "bun:test";
import { instant, micros, unixMillis } from "../../../../agent/domain/units.ts";
import type { Instance } from "../../../../agent/engine/alerts/instance.ts";
import { alertOf, newInstance } from "../../../../agent/engine/alerts/instance.ts";
import { Roots } from "../../../../agent/engine/alerts/roots.ts";
import { FIBER, rule, settings, WALL0 } from "../../../support/alert-world.ts";

const now = { at: instant(10_000_000), wall: unixMillis(WALL0) };

function instance(on: "path-down" | "path-degraded", forSecs: number): Instance {
  const condition = {
    key: `${on}:fiber`,
    type: on,
    path: FIBER,
    policy: null,
    summary: "",
    cause: "",
    since: now.at,
    endsAt: null,
  };
  return newInstance(rule(on, { on, for_secs: forSecs }), condition, now.at);
}

function roots(all: readonly Instance[], muted: readonly Instance[] = [], blind = false): Roots {
  return new Roots(all, {
    policies: settings().policies,
    group: micros(5_000_000),
    reach: (one) => new Set(blind && one.rule.on === "path-down" ? [] : ["ops"]),
    isMuted: (one) => muted.includes(one),
  });
}

describe("Roots.hiding()", () => {
  const other = instance("path-degraded", 0);

  test("finds the cause that is told no later than the message leaves", () => {
    for (const [seconds, hides] of [
      [0, true],
      [5, true],
      [6, false],
    ] as const) {
      const root = instance("path-down", seconds);
      expect(roots([root, other]).hiding(other, now)).toBe(hides ? root : null);
    }
  });

  test("a cause that was told hides on, whatever its rule waits for", () => {
    const root = instance("path-down", 600);
    root.told = { alert: alertOf(root, [], now), channels: ["ops"] };
    expect(roots([root, other]).hiding(other, now)).toBe(root);
  });

  test("a cause that is muted, over or unheard hides nothing", () => {
    const root = instance("path-down", 0);
    expect(roots([root, other], [root]).hiding(other, now)).toBeNull();
    expect(roots([root, other], [], true).hiding(other, now)).toBeNull();
    root.over = now;
    expect(roots([root, other]).hiding(other, now)).toBeNull();
  });
});
