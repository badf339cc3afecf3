import { describe, expect, test } from "bun:test";
import {
  isCheckpointDue,
  WAL_PAGES_HARD_MAX,
  WAL_PAGES_MAX,
  workerEntry,
} from "../../../../agent/io/store/checkpoint.ts";

describe("isCheckpointDue()", () => {
  const rows = [
    { pages: WAL_PAGES_MAX, calm: true, want: false },
    { pages: WAL_PAGES_MAX + 1, calm: true, want: true },
    { pages: WAL_PAGES_MAX + 1, calm: false, want: false },
    { pages: WAL_PAGES_HARD_MAX, calm: false, want: false },
    { pages: WAL_PAGES_HARD_MAX + 1, calm: false, want: true },
  ];
  test.each(rows)("isCheckpointDue($pages, $calm) is $want", ({ pages, calm, want }) => {
    expect(isCheckpointDue(pages, calm)).toBe(want);
  });

  test("WAL_PAGES_MAX is 4 MB of frames", () => {
    expect(WAL_PAGES_MAX * 1048).toBeCloseTo(4 * 1024 * 1024, 0);
  });
});

describe("workerEntry()", () => {
  test("workerEntry() is a path below the build's root in a compiled file", () => {
    expect(workerEntry("/$bunfs/root/patronus")).toBe("/$bunfs/root/io/store/checkpoint-worker.ts");
  });

  test("workerEntry() is the module beside it from source", () => {
    expect(String(workerEntry("/src/agent/main.ts"))).toEndWith(
      "/agent/io/store/checkpoint-worker.ts",
    );
  });
});
