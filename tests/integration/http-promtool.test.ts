/** The exposition before Prometheus' own linter: the given names, and all others. */

import { expect, test } from "bun:test";
import { scrapeOfEverything } from "../support/full-scrape.ts";

const promtool = Bun.which("promtool");
const reason = promtool === null ? " (skipped: needs promtool)" : "";
/** Names that were given and are kept to the letter. */
const GIVEN = [
  "patronus_sdwan_failover_policies_total",
  "patronus_sdwan_path_jitter_ms",
  "patronus_sdwan_path_latency_ms",
];

async function lint(text: string) {
  const child = Bun.spawn([promtool ?? "", "check", "metrics"], {
    stdio: [new TextEncoder().encode(text), "pipe", "pipe"],
  });
  const [out, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, out, complaints: complaints.trim().split("\n").sort() };
}

test.skipIf(promtool === null)(
  `promtool complains about three of the given names, and nothing else${reason}`,
  async () => {
    const text = await scrapeOfEverything();
    expect(text).toContain("scrape_duration");
    expect(text).toContain("probe_rtt_seconds_bucket");
    expect(text).toContain("alerts_notifications_total");
    const { out, complaints } = await lint(text);
    expect(out).toBe("");
    expect(complaints).toEqual([
      'patronus_sdwan_failover_policies_total non-counter metrics should not have "_total" suffix',
      "patronus_sdwan_path_jitter_ms metric names should not contain abbreviated units",
      "patronus_sdwan_path_latency_ms metric names should not contain abbreviated units",
    ]);
  },
);

test.skipIf(promtool === null)(`without them it has no complaint${reason}`, async () => {
  const isGiven = (line: string) => GIVEN.some((name) => line.split(/[ {]/).includes(name));
  const lines = (await scrapeOfEverything()).split("\n");
  const strict = lines.filter((line) => !isGiven(line));
  expect(strict.length).toBeLessThan(lines.length);
  expect(await lint(strict.join("\n"))).toEqual({ exitCode: 0, out: "", complaints: [""] });
});
