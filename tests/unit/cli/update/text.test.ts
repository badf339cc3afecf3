import { expect, test } from "bun:test";
import { progressLine, stepText, updateLines } from "../../../../agent/cli/update/text.ts";
import { updateBody } from "../../../support/update-body.ts";

const AVAILABLE = { version: "0.2.2", release: 2, how: "delta", octets: 18_517 } as const;

test("updateLines() tells what runs, what there is, why it waits and what was refused", () => {
  const refused = { release: 3, version: "0.2.3", sha256: "x", reason: "it\u001b[31m hung" };
  const lines = updateLines(
    updateBody({
      available: AVAILABLE,
      last_check: { at: 1_700_000_000, outcome: "offered", reason: "" },
      waiting: "path lte is metered",
      refused: [refused],
    }),
  );
  expect(lines.slice(0, 4)).toEqual([
    "running    0.2.1 (release 1), linux-x64",
    "checked    2023-11-14 22:13:20: a newer release",
    "available  0.2.2 (release 2), 18.5 kB to load (delta)",
    "waits      path lte is metered",
  ]);
  expect(lines[4]).toContain("0.2.3 (release 3), never tried again: it");
  expect(lines.join("")).not.toContain("\u001b");
});

test("progressLine() counts while it loads", () => {
  const loading = { activity: "downloading", available: AVAILABLE, loaded_octets: 900 } as const;
  expect(progressLine(updateBody(loading))).toBe("downloading 900 B of 18.5 kB");
  expect(progressLine(updateBody({ activity: "staging" }))).toBe("staging");
});

test("stepText() names the release where there is one", () => {
  const step = { number: 1, at: 0, step: "refused", detail: "why" } as const;
  expect(stepText({ ...step, release: 0, version: "" })).toBe("1970-01-01 00:00:00 refused: why");
  expect(stepText({ ...step, release: 2, version: "0.2.2" })).toContain("0.2.2 (release 2): why");
});
