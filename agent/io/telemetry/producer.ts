/**
 * From the cache to the data model of the OpenTelemetry SDK, without instruments: no limit of
 * series, no ghosts of removed paths, nothing kept per series but what counters need. A value that
 * does not exist is an absent point. Temporality is cumulative: a lost export heals with the next.
 */

import type { Attributes } from "@opentelemetry/api";
import { ValueType } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type {
  CollectionResult,
  DataPoint,
  ExponentialHistogram,
  MetricData,
  MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import type {
  RttTotals,
  TelemetryPath,
  TelemetryPolicy,
  TelemetrySource,
} from "../../controller/telemetry/ports.ts";
import { OUTCOME_KINDS } from "../../domain/outcome.ts";
import type { UnixMillis } from "../../domain/units.ts";
import { VERSION } from "../../domain/version.ts";
import type { Instrument } from "./instruments.ts";
import { BASE, GIVEN } from "./instruments.ts";
import { Starts } from "./starts.ts";

export interface ProducerParts {
  readonly source: TelemetrySource;
  readonly resource: Resource;
  readonly site: string;
  /** When counting began, by a clock that can be believed; null: hold everything. */
  now(): { readonly start: UnixMillis; readonly wall: UnixMillis } | null;
}

export const SCOPE = { name: "patronus-agent", version: VERSION };
const STATES = ["up", "degraded", "down", "unknown"] as const;
const STATUS_VALUE = { up: 1, degraded: 0.5, down: 0, unknown: Number.NaN } as const;
/** The final outcomes: their sum is the number of probes that ended. */
const OUTCOMES = ["replied", "late", "lost", "unreachable", "corrupt", "unsent"] as const;

export class CacheProducer implements MetricProducer {
  readonly #parts: ProducerParts;
  readonly #starts = new Starts();

  constructor(parts: ProducerParts) {
    this.#parts = parts;
  }

  collect(): Promise<CollectionResult> {
    return Promise.resolve({ resourceMetrics: this.#read(), errors: [] });
  }

  #read(): CollectionResult["resourceMetrics"] {
    const { resource, source, site } = this.#parts;
    const times = this.#parts.now();
    if (times === null) return { resource, scopeMetrics: [] };
    this.#starts.begin(times);
    const where = site === "" ? {} : { site };
    const metrics = [
      ...new Points(source, where, this.#starts).paths(),
      ...policyMetrics(source.policies(), where, this.#starts),
    ].filter(({ dataPoints }) => dataPoints.length > 0);
    this.#starts.end();
    return { resource, scopeMetrics: [{ scope: SCOPE, metrics }] };
  }
}

/** One collection. */
class Points {
  readonly #source: TelemetrySource;
  readonly #starts: Starts;
  readonly #rows: readonly { readonly path: TelemetryPath; readonly attributes: Attributes }[];

  constructor(source: TelemetrySource, where: Attributes, starts: Starts) {
    this.#source = source;
    this.#starts = starts;
    this.#rows = source.paths.map((path) => ({
      path,
      attributes: { path_id: path.id, path_name: path.name, ...where },
    }));
  }

  paths(): MetricData[] {
    const { series, paths } = this.#source.scorer;
    return [
      this.#gauge(GIVEN.score, (row) => this.#known(row, paths.score[row])),
      this.#gauge(GIVEN.latencyMs, (row) => this.#chosen(row, series.latencyMs)),
      this.#gauge(GIVEN.lossPct, (row) => this.#chosen(row, series.lossPct)),
      this.#gauge(GIVEN.jitterMs, (row) => this.#chosen(row, series.jitterMs)),
      this.#gauge(GIVEN.status, (row) => STATUS_VALUE[this.#source.status(row)]),
      this.#gauge(BASE.latency, (row) => this.#chosen(row, series.latencyMs) / 1_000),
      this.#gauge(BASE.jitter, (row) => this.#chosen(row, series.jitterMs) / 1_000),
      this.#gauge(BASE.loss, (row) => this.#chosen(row, series.lossPct) / 100),
      this.#gauge(BASE.mos, (row) => this.#chosen(row, series.mos)),
      this.#states(),
      this.#probes(),
      this.#rtt(),
    ];
  }

  /** What an unknown path last had is no value of now. */
  #known(row: number, value: number | undefined): number {
    return this.#source.status(row) === "unknown" ? Number.NaN : (value ?? Number.NaN);
  }

  #chosen(row: number, column: Float64Array): number {
    const at = this.#source.scorer.paths.chosen[row] ?? -1;
    return at < 0 ? Number.NaN : this.#known(row, column[at]);
  }

  #gauge(instrument: Instrument, read: (row: number) => number): MetricData {
    const values = this.#rows.flatMap(({ attributes }, row) => {
      const value = read(row);
      return Number.isFinite(value) ? [{ attributes, value }] : [];
    });
    return gaugeOf(instrument, values, this.#starts);
  }

  #states(): MetricData {
    const values = this.#rows.flatMap(({ attributes }, row) => {
      const now = this.#source.status(row);
      return STATES.map((state) => ({
        attributes: { ...attributes, state },
        value: Number(state === now),
      }));
    });
    return gaugeOf(BASE.state, values, this.#starts);
  }

  #probes(): MetricData {
    const values = this.#rows.flatMap(({ path, attributes }) =>
      OUTCOMES.map((outcome) => ({
        key: `${path.id} ${outcome}`,
        attributes: { ...attributes, outcome },
        value: this.#total(path, OUTCOME_KINDS.indexOf(outcome)),
      })),
    );
    return sumOf(BASE.probes, values, this.#starts);
  }

  #total({ firstSeries, seriesCount }: TelemetryPath, kind: number): number {
    const { totals } = this.#source.scorer.series;
    let sum = 0;
    for (let i = 0; i < seriesCount; i++) {
      sum += totals[(firstSeries + i) * OUTCOME_KINDS.length + kind] ?? 0;
    }
    return sum;
  }

  #rtt(): MetricData {
    const dataPoints = this.#rows.flatMap(({ path, attributes }, row) => {
      const totals = this.#source.rtt(row);
      if (totals === null) return [];
      const key = `${BASE.rtt.name} ${path.id}`;
      return [this.#starts.point(attributes, histogramOf(totals), { key, count: totals.count })];
    });
    return {
      descriptor: descriptorOf(BASE.rtt),
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
      dataPoints,
    };
  }
}

function policyMetrics(
  policies: readonly TelemetryPolicy[],
  where: Attributes,
  starts: Starts,
): MetricData[] {
  const named = policies.map((policy) => ({
    policy,
    attributes: { policy_id: String(policy.id), policy_name: policy.name, ...where },
  }));
  const known = named.filter(({ policy }) => policy.active !== null);
  const used = known.map(({ policy, attributes }) => ({
    attributes,
    value: Number(policy.usingPrimary),
  }));
  const counts = named.map(({ policy, attributes }) => ({
    key: `${GIVEN.failovers.name} ${policy.id}`,
    attributes,
    value: policy.failovers,
  }));
  const active = known.flatMap(({ policy }) => activeOf(policy, where));
  return [
    gaugeOf(GIVEN.policies, [{ attributes: where, value: policies.length }], starts),
    gaugeOf(GIVEN.activePath, used, starts),
    sumOf(GIVEN.failovers, counts, starts),
    gaugeOf(BASE.policyActive, active, starts),
  ];
}

/** A path that was taken out of the policy while traffic still uses it has a point too. */
function activeOf({ id, active, paths }: TelemetryPolicy, where: Attributes): Value[] {
  const all = active === null || paths.includes(active) ? paths : [...paths, active];
  return all.map((path) => ({
    attributes: { policy_id: String(id), path_id: path, ...where },
    value: Number(path === active),
  }));
}

interface Value {
  readonly attributes: Attributes;
  readonly value: number;
}

function gaugeOf(instrument: Instrument, values: readonly Value[], starts: Starts): MetricData {
  return {
    descriptor: descriptorOf(instrument),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints: values.map(({ attributes, value }) => starts.point(attributes, value, null)),
  };
}

function sumOf(
  instrument: Instrument,
  values: readonly (Value & { readonly key: string })[],
  starts: Starts,
): MetricData {
  const dataPoints: DataPoint<number>[] = values.map(({ attributes, value, key }) =>
    starts.point(attributes, value, { key, count: value }),
  );
  return {
    descriptor: descriptorOf(instrument),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints,
  };
}

function histogramOf(totals: RttTotals): ExponentialHistogram {
  const { scale, zeros, offset, counts } = totals.histogram;
  return {
    count: totals.count,
    sum: totals.sumSeconds,
    min: totals.minSeconds,
    max: totals.maxSeconds,
    scale,
    zeroCount: zeros,
    positive: { offset, bucketCounts: [...counts] },
    negative: { offset: 0, bucketCounts: [] },
  };
}

function descriptorOf({ name, unit, description }: Instrument): MetricData["descriptor"] {
  return { name, unit, description, valueType: ValueType.DOUBLE };
}
