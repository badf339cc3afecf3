import { describe, expect, test } from "bun:test";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { OUTCOME } from "../../../../agent/domain/outcome.ts";
import { unixMillis } from "../../../../agent/domain/units.ts";
import { INSTRUMENTS } from "../../../../agent/io/telemetry/instruments.ts";
import { CacheProducer } from "../../../../agent/io/telemetry/producer.ts";
import { resourceOf } from "../../../../agent/io/telemetry/resource.ts";
import { decodeMetrics } from "../../../support/protobuf.ts";
import { NODE, telemetrySource } from "../../../support/telemetry.ts";

const START = 1_700_000_000_000;

function producing(source = telemetrySource(3)) {
  let wall: number | null = START + 60_000;
  const producer = new CacheProducer({
    source,
    resource: resourceOf(NODE, { "deployment.environment": "lab" }),
    site: NODE.site,
    now: () => (wall === null ? null : { start: unixMillis(START), wall: unixMillis(wall) }),
  });
  const collect = async (at: number | null) => {
    wall = at;
    const { resourceMetrics } = await producer.collect();
    return decodeMetrics(
      ProtobufMetricsSerializer.serializeRequest(resourceMetrics) ?? new Uint8Array(),
    );
  };
  return { source, collect };
}

describe("CacheProducer", () => {
  test("every documented instrument is produced, and no other", async () => {
    const { points } = await producing().collect(START + 60_000);
    const produced = [...new Set(points.map(({ name }) => name))].sort();
    expect(produced).toEqual(INSTRUMENTS.map(({ name }) => name).sort());
    for (const { name, unit, kind, attributes } of INSTRUMENTS) {
      const mine = points.filter((point) => point.name === name);
      expect([...new Set(mine.flatMap((point) => Object.keys(point.attributes)))].sort()).toEqual(
        [...attributes].sort(),
      );
      expect(mine[0]?.unit).toBe(unit);
      expect(mine[0]?.kind).toBe(kind === "counter" ? "sum" : kind);
      expect(mine[0]?.temporality ?? 2).toBe(2);
    }
  });

  test("METRICS.md documents exactly these instruments", async () => {
    const folder = `${import.meta.dir}/../../../../agent/io/telemetry`;
    const text = await Bun.file(`${folder}/METRICS.md`).text();
    const rows = text.split("\n").filter((line) => line.startsWith("| `"));
    const wanted = INSTRUMENTS.map(
      ({ name, kind, unit, attributes, description }) =>
        `| \`${name}\` | ${kind} | ${unit} | ${attributes.join(", ")} | ${description} |`,
    );
    expect(rows).toEqual(wanted);
  });

  test("values are those of the cache, in both units", async () => {
    const { points, resource } = await producing().collect(START + 60_000);
    const value = (name: string, path: string) =>
      points.find((point) => point.name === name && point.attributes["path_id"] === path)?.value;
    expect(value("patronus_sdwan_path_health_score", "p2")).toBe(98);
    expect(value("patronus_sdwan_path_latency_ms", "p2")).toBe(12);
    expect(value("patronus_sdwan_path_packet_loss_pct", "p1")).toBe(1);
    expect(value("patronus_sdwan_path_jitter_ms", "p2")).toBe(0.2);
    expect(value("patronus_sdwan_path_status", "p0")).toBe(1);
    expect(value("patronus.sdwan.path.latency", "p2")).toBe(0.012);
    expect(value("patronus.sdwan.path.packet_loss", "p1")).toBe(0.01);
    expect(points.find(({ name }) => name.endsWith("failover_count_total"))?.value).toBe(3);
    expect(resource).toMatchObject({
      ...{ "service.name": "patronus-agent", "host.name": "cpe-1", site: "berlin" },
      ...{ region: "eu", "deployment.environment": "lab" },
    });
    const [first] = points;
    expect(first).toMatchObject({ startMs: START, timeMs: START + 60_000 });
  });

  test("an unknown path has no values, but a state", async () => {
    const { points } = await producing(telemetrySource(2, ["unknown", "down"])).collect(START + 1);
    const ofFirst = points.filter(({ attributes }) => attributes["path_id"] === "p0");
    const names = new Set(ofFirst.map(({ name }) => name));
    expect(names.has("patronus_sdwan_path_latency_ms")).toBe(false);
    expect(names.has("patronus_sdwan_path_status")).toBe(false);
    const states = ofFirst.filter(({ name }) => name === "patronus.sdwan.path.state");
    expect(states.map((point) => [point.attributes["state"], point.value])).toEqual([
      ["up", 0],
      ["degraded", 0],
      ["down", 0],
      ["unknown", 1],
    ]);
  });

  test("the histogram is the core's, bucket by bucket", async () => {
    const { points } = await producing().collect(START + 60_000);
    const point = points.find(({ name }) => name === "patronus.sdwan.probe.rtt");
    expect(point?.value).toBe(6);
    expect(point?.histogram).toEqual({
      sum: 0.1,
      scale: 5,
      zeros: 1,
      offset: -200,
      counts: [1, 0, 4],
    });
  });

  test("a counter that fell starts anew at the previous collection", async () => {
    const { source, collect } = producing();
    const startOf = async (at: number) => {
      const { points } = await collect(at);
      const replied = points.find(
        ({ name, attributes }) =>
          name === "patronus.sdwan.probes" &&
          attributes["path_id"] === "p0" &&
          attributes["outcome"] === "replied",
      );
      return replied?.startMs;
    };
    expect(await startOf(START + 60_000)).toBe(START);
    expect(await startOf(START + 120_000)).toBe(START);
    source.series.totals[OUTCOME.replied] = 5;
    expect(await startOf(START + 180_000)).toBe(START + 120_000);
    expect(await startOf(START + 240_000)).toBe(START + 120_000);
  });

  test("while the clock cannot be right there is nothing", async () => {
    expect((await producing().collect(null)).points).toEqual([]);
  });
});
