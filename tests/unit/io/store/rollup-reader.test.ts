import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { pathId } from "../../../../agent/domain/ids.ts";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { openJournal, temporaryFolder } from "../../../support/journals.ts";
import { fc } from "../../../support/property.ts";
import { DAY0, rollup, someRollups } from "../../../support/rollups.ts";

const DAY = 86_400;

let folder: ReturnType<typeof temporaryFolder>;
let count = 0;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

function span(from: number, to: number) {
  const path = pathId("fiber");
  return { path, from: unixSeconds(from), to: unixSeconds(to), coarsest: "1d" as const };
}

test("rollups() counts every probe of a span once, written or not, at whatever tier", () => {
  const step = fc.nat(3 * 288).map((i) => DAY0 + i * 300);
  fc.assert(
    fc.property(someRollups, fc.nat(60), step, step, (rows, flushAt, a, b) => {
      const { journal, clock } = openJournal(join(folder.path, `${count++}.db`));
      for (const [i, row] of rows.entries()) {
        journal.recordRollup(row);
        if (i === flushAt) journal.flush();
        clock.advance(0);
      }
      // A bucket a week on makes everything before it roll up.
      journal.recordRollup(rollup(DAY0 + 7 * DAY, { path_id: pathId("lte") }));
      if (flushAt % 2 === 0) journal.flush();
      clock.advance(1_000);
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const own = rows.filter(({ path_id, end }) => path_id === "fiber" && end > from && end <= to);
      const read = journal.rollups(span(from, to));
      const probes = (list: readonly { probes: number }[]) =>
        list.reduce((sum, row) => sum + row.probes, 0);
      if (read.from === from) expect(probes(read.rows)).toBe(probes(own));
      journal.close();
    }),
    { numRuns: 60 },
  );
});

test("rollups() takes days, hours and five minutes, and says which", () => {
  const { journal, clock } = openJournal(join(folder.path, "a.db"));
  for (let i = 1; i <= 3 * 288 + 14; i++) journal.recordRollup(rollup(DAY0 + i * 300));
  journal.flush();
  clock.advance(1_000);
  expect(journal.pending).toBe(0);
  const { rows, tiers } = journal.rollups(span(DAY0, DAY0 + 4 * DAY));
  expect(tiers).toEqual(["5m", "1h", "1d"]);
  expect(rows.map(({ up_s }) => up_s)).toEqual([DAY, DAY, DAY, 3_600, 300, 300]);
  const hours = journal.rollups({ ...span(DAY0, DAY0 + DAY), coarsest: "1h" });
  expect([hours.tiers, hours.rows.length]).toEqual([["1h"], 24]);
  journal.close();
});

test("rollups() answers from memory while there is no file", () => {
  const { journal } = openJournal("/proc/no/such/folder/a.db");
  journal.recordRollup(rollup(DAY0 + 300));
  journal.flush();
  expect(journal.rollups(span(DAY0, DAY0 + DAY)).rows).toEqual([rollup(DAY0 + 300)]);
});
