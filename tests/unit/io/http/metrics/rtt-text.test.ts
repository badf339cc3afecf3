import { describe, expect, test } from "bun:test";
import { ROWS_AT_ONCE, ROWS_MAX, RttText } from "../../../../../agent/io/http/metrics/rtt-text.ts";
import type { Exemplar, RttView } from "../../../../../agent/io/http/rtt-view.ts";
import { pathLabels } from "../../../../support/fake-view.ts";

const exemplar: Exemplar = { seconds: 0.75, unixSeconds: 1_700_000_000.1234, target: `a"b` };

function view(over: Partial<RttView> = {}): RttView {
  return {
    bounds: [0.5, 1],
    row: (row) => (row === 1 ? null : { counts: [1, 3], count: 4, sumSeconds: 2.5 }),
    exemplar: () => null,
    ...over,
  };
}

function paths(count: number) {
  return Array.from({ length: count }, (_, row) => pathLabels(row));
}

function text(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

describe("RttText", () => {
  test("has cumulative buckets, sum and count; a path without replies has no line", () => {
    const out = text(new RttText(view(), { paths: paths(2) }).octets(false));
    const labels = `path_id="path-0",path_name="Path 0"`;
    expect(out.split("\n").slice(1)).toEqual([
      "# TYPE patronus_sdwan_probe_rtt_seconds histogram",
      `patronus_sdwan_probe_rtt_seconds_bucket{${labels},le="0.5"} 1`,
      `patronus_sdwan_probe_rtt_seconds_bucket{${labels},le="1.0"} 3`,
      `patronus_sdwan_probe_rtt_seconds_bucket{${labels},le="+Inf"} 4`,
      `patronus_sdwan_probe_rtt_seconds_sum{${labels}} 2.5`,
      `patronus_sdwan_probe_rtt_seconds_count{${labels}} 4`,
      "",
    ]);
  });

  test.each([
    [0.4, `le="0.5"} 1`],
    [0.5, `le="0.5"} 1`],
    [0.75, `le="1.0"} 3`],
    [7, `le="+Inf"} 4`],
  ])(
    "an exemplar of %p s stands behind its own bucket, in OpenMetrics alone",
    (seconds, bucket) => {
      const made = new RttText(view({ exemplar: () => ({ ...exemplar, seconds }) }), {
        paths: paths(1),
      });
      const marked = text(made.octets(true))
        .split("\n")
        .filter((line) => line.includes(" # {"));
      expect(marked).toHaveLength(1);
      const mark = ` # {target="a\\"b"} ${seconds.toFixed(9)} 1700000000.123`;
      expect(marked[0]).toEndWith(`${bucket}${mark}`);
      expect(text(made.octets(false))).not.toContain(" # {");
    },
  );

  test("of a larger table it is made between scrapes, and never of paths that are gone", async () => {
    const source = { paths: paths(ROWS_AT_ONCE + 1) };
    const made = new RttText(
      view({ row: () => ({ counts: [], count: 1, sumSeconds: 1 }) }),
      source,
    );
    expect(made.octets(false).byteLength).toBe(0);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(text(made.octets(false))).toContain(`path-${ROWS_AT_ONCE}`);
    source.paths = paths(ROWS_AT_ONCE + 2).slice(1);
    expect(made.octets(false).byteLength).toBe(0);
  });

  test("a table beyond the limit has none", () => {
    expect(new RttText(view(), { paths: paths(ROWS_MAX + 1) }).octets(false).byteLength).toBe(0);
  });
});
