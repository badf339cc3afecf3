import { describe, expect, test } from "bun:test";
import type { HealthRow } from "../../../../agent/domain/path-health.ts";
import { storable } from "../../../../agent/io/store/health-rows.ts";
import { everything, healthRow, openJournal, temporaryFolder } from "../../../support/journals.ts";

const NO_REPLY = { latency_ms: null, jitter_ms: null, packet_loss_pct: 100, health_score: 0 };

describe("storable()", () => {
  test("storable() rounds to 1 us and to 0.01", () => {
    const row = healthRow(0, {
      latency_ms: 12.3454999,
      jitter_ms: 0.00051,
      packet_loss_pct: 3.33333,
      health_score: 87.6549,
    });
    expect(storable(row)).toEqual(
      healthRow(0, {
        latency_ms: 12.345,
        jitter_ms: 0.001,
        packet_loss_pct: 3.33,
        health_score: 87.65,
      }),
    );
  });

  test("storable() makes a check without replies down, without latency and jitter", () => {
    const row = healthRow(0, { ...NO_REPLY, latency_ms: 5, status: "degraded" });
    expect(storable(row)).toEqual(healthRow(0, { ...NO_REPLY, status: "down" }));
  });

  test("storable() does not round a check with a reply up to one without", () => {
    const row = healthRow(0, { packet_loss_pct: 99.996 });
    expect(storable(row)?.packet_loss_pct).toBe(99.99);
    expect(storable(row)?.latency_ms).toBe(12.345);
  });

  test("storable() gives a check with replies but no latency no jitter either", () => {
    const row = healthRow(0, { latency_ms: null, packet_loss_pct: 20 });
    expect(storable(row)).toEqual({ ...row, jitter_ms: null });
  });

  test("storable() stores the missing jitter of a single reply as 0", () => {
    expect(storable(healthRow(0, { jitter_ms: null }))?.jitter_ms).toBe(0);
  });

  const poison: Partial<HealthRow>[] = [
    { latency_ms: Number.NaN },
    { jitter_ms: Number.POSITIVE_INFINITY },
    { packet_loss_pct: Number.NaN },
    { health_score: Number.NaN },
  ];
  test.each(poison)("storable() refuses a row that would block every flush: %p", (overrides) => {
    expect(storable(healthRow(0, overrides))).toBeNull();
  });

  test("storable() answers the row that comes back from the disk", () => {
    const rows = [
      healthRow(0, { latency_ms: 1 / 3, jitter_ms: null }),
      healthRow(1, { ...NO_REPLY, status: "down" }),
      healthRow(2, { latency_ms: null, packet_loss_pct: 200 / 3, status: "degraded" }),
      healthRow(3, { jitter_ms: 0, health_score: 2 / 3 }),
    ];
    const folder = temporaryFolder();
    const { journal } = openJournal(`${folder.path}/a.db`);
    for (const row of rows) journal.recordCheck(row);
    journal.flush();
    const stored = everything(journal).rows.map(({ health_id: _, ...row }) => row);
    expect(stored).toEqual(rows.flatMap((row) => storable(row) ?? []));
    journal.close();
    folder.remove();
  });
});
