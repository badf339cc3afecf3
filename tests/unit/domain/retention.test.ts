import { describe, expect, test } from "bun:test";
import { planRetention } from "../../../agent/domain/retention.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";

const DAY = 86_400;

function plan(count: number, maxSizeMb = 64, persist = true) {
  const paths = Array.from({ length: count }, (_, i) => {
    const path = pathConfig(`p${i}`, ["192.0.2.1"]);
    return { ...path, health: { ...path.health, persist_to_db: persist } };
  });
  const config = agentConfig(paths);
  const retention = {
    raw_secs: 7 * DAY,
    rollup_5m_secs: 90 * DAY,
    rollup_1h_secs: 400 * DAY,
    rollup_1d_secs: 1_825 * DAY,
    events_secs: 400 * DAY,
  };
  const storage = { ...config.storage, retention, max_size_mb: maxSizeMb };
  return planRetention({ ...config, storage });
}

describe("planRetention()", () => {
  test("keeps what is asked for while 10 paths fit 48 MB", () => {
    const { shortened, raw_secs, rollup_1d_secs, estimate_mb, budget_mb } = plan(10);
    expect(shortened).toEqual([]);
    expect([raw_secs, rollup_1d_secs]).toEqual([7 * DAY, 1_825 * DAY]);
    expect(budget_mb).toBe(48);
    expect(estimate_mb).toBeLessThanOrEqual(48);
    expect(estimate_mb).toBeGreaterThan(40);
  });

  test("shortens raw first, then five minutes, then hours, and says so", () => {
    expect(plan(11).shortened).toEqual(["raw"]);
    expect(plan(20).shortened).toEqual(["raw", "rollup_5m"]);
    expect(plan(100)).toMatchObject({
      raw_secs: DAY,
      rollup_5m_secs: 3 * DAY,
      rollup_1h_secs: 70 * DAY,
      rollup_1d_secs: 400 * DAY,
    });
    expect(plan(100).estimate_mb).toBeLessThanOrEqual(48);
  });

  test("never makes anything longer than asked", () => {
    for (const count of [1, 10, 30, 60, 100, 1_000]) {
      const { raw_secs, rollup_5m_secs, rollup_1h_secs } = plan(count);
      expect(raw_secs).toBeLessThanOrEqual(7 * DAY);
      expect(rollup_5m_secs).toBeLessThanOrEqual(90 * DAY);
      expect(rollup_1h_secs).toBeLessThanOrEqual(400 * DAY);
    }
  });

  test("paths that are not stored take no room", () => {
    expect(plan(1_000, 64, false)).toMatchObject({ shortened: [], estimate_mb: 0 });
  });
});
