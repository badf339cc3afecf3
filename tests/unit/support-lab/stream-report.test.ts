import { describe, expect, test } from "bun:test";
import { StreamReport } from "../../support/lab/stream-report.ts";

/** One packet per ms: "a" and "b" came by that path 100 us later, "x" lost, "r" refused. */
function report(pattern: string, extra: Partial<StreamReport["run"]> = {}): StreamReport {
  const letters = [...pattern];
  const at = (seq: number) => 1_000 * seq;
  return new StreamReport({
    sentUs: Float64Array.from(letters, (letter, seq) => (letter === "-" ? Number.NaN : at(seq))),
    refused: new Set([...letters.keys()].filter((seq) => letters[seq] === "r")),
    errors: {},
    skipped: 0,
    arrivals: letters.flatMap((path, seq) =>
      "xr-".includes(path) ? [] : [{ seq, path, arrivedUs: at(seq) + 100 }],
    ),
    ...extra,
  });
}

describe("StreamReport", () => {
  test("counts what was offered, received and lost", () => {
    const seen = report("aax-rb");
    expect([seen.sent, seen.received, seen.lost()]).toEqual([5, 3, [2, 4]]);
  });

  test("gapAround() spans from the last delivered to the next delivered", () => {
    const gap = report("aaaxxxbbb").gapAround(2_500);
    expect(gap).toMatchObject({ lost: 3, refused: 0, outageUs: 4_000, longestUs: 4_000 });
    expect(gap).toMatchObject({ fromUs: 2_000, silenceUs: 4_000, senderPauseUs: 1_000 });
  });

  test("gapAround() tells the longest of several holes and the outage over all", () => {
    expect(report("aaxaxxaa").gapAround(0)).toMatchObject({ outageUs: 5_000, longestUs: 3_000 });
  });

  test("gapAround() counts refused packets among the lost", () => {
    expect(report("aarrxb").gapAround(0)).toMatchObject({ lost: 3, refused: 2, outageUs: 4_000 });
  });

  test("gapAround() finds nothing before its moment and after its span", () => {
    const seen = report("axaaaaxa");
    expect(seen.gapAround(2_000, 3_000)).toMatchObject({ lost: 0, outageUs: 0, longestUs: 0 });
  });

  test("gapAround() has no figure for a gap without end", () => {
    expect(report("aaxx").gapAround(0)).toMatchObject({ lost: 2, outageUs: Number.NaN });
    expect(report("aaxx").gapAround(0).longestUs).toBeNaN();
  });

  test("gapAround() tells a pause of the sender apart", () => {
    const gap = report("aax---xb").gapAround(0);
    expect(gap).toMatchObject({ lost: 2, senderPauseUs: 4_000, outageUs: 6_000 });
  });

  test("gapAround() sees as silence what waited in a queue", () => {
    const waited = [0, 1, 2].map((seq) => ({
      seq,
      path: "a",
      arrivedUs: [100, 9_000, 9_001][seq],
    }));
    const arrivals = waited.map((one) => ({ ...one, arrivedUs: one.arrivedUs ?? 0 }));
    expect(report("aaa", { arrivals }).gapAround(500)).toMatchObject({ lost: 0, silenceUs: 8_900 });
  });

  test("stretches() tells each change of the path", () => {
    const paths = report("aaxbba").stretches();
    expect(paths.map(({ path, count, firstSeq }) => [path, count, firstSeq])).toEqual([
      ["a", 2, 0],
      ["b", 2, 3],
      ["a", 1, 5],
    ]);
    expect([report("aabb").pathAt(1_500), report("aabb").pathAt(2_000)]).toEqual(["a", "b"]);
  });

  test("duplicates and overtaking packets are told", () => {
    const arrivals = [0, 2, 1, 2].map((seq) => ({ seq, path: "a", arrivedUs: 10_000 }));
    const seen = report("aaa", { arrivals });
    expect([seen.duplicates, seen.reordered, seen.received]).toEqual([[2], 1, 3]);
  });
});
