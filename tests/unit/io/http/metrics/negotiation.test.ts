import { expect, test } from "bun:test";
import { acceptsGzip, chooseFormat } from "../../../../../agent/io/http/metrics/negotiation.ts";

const TEXT_0 = "text/plain; version=0.0.4; charset=utf-8";
const TEXT_1 = "text/plain; version=1.0.0; charset=utf-8";
const OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** What Prometheus 3.5 sends. */
const PROMETHEUS = [
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5",
  "application/openmetrics-text;version=0.0.1;q=0.4",
  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3",
  "text/plain;version=0.0.4;q=0.2",
  "*/*;q=0.1",
].join(",");
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6";

const rows = [
  { accept: null, want: TEXT_0 },
  { accept: "", want: TEXT_0 },
  { accept: "*/*", want: TEXT_0 },
  { accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", want: TEXT_0 },
  { accept: "text/plain", want: TEXT_0 },
  { accept: "text/plain; version=0.0.4", want: TEXT_0 },
  { accept: "text/plain; version=1.0.0", want: TEXT_1 },
  { accept: 'TEXT/PLAIN; Version="1.0.0"', want: TEXT_1 },
  { accept: "text/plain;version=9.9.9", want: TEXT_0 },
  { accept: "application/json", want: TEXT_0 },
  { accept: "application/openmetrics-text", want: OPEN },
  { accept: "application/openmetrics-text;q=0,text/plain;q=0.1", want: TEXT_0 },
  { accept: "application/openmetrics-text;version=0.0.1", want: OPEN.replace("1.0.0", "0.0.1") },
  { accept: PROMETHEUS, want: `${OPEN}; escaping=allow-utf-8` },
  { accept: `${PROTOBUF},${PROMETHEUS}`, want: `${OPEN}; escaping=allow-utf-8` },
  {
    accept: "text/plain;version=1.0.0;escaping=underscores",
    want: `${TEXT_1}; escaping=underscores`,
  },
  { accept: "text/plain;version=1.0.0;escaping=evil", want: TEXT_1 },
  { accept: "text/plain;q=x,application/openmetrics-text;q=0.1", want: OPEN },
] as const;

test.each(rows)("chooseFormat($accept)", ({ accept, want }) => {
  const format = chooseFormat(accept);
  expect(format.contentType).toBe(want);
  expect(format.syntax).toBe(want.startsWith("text") ? "text" : "openmetrics");
});

const encodings = [
  { header: null, want: false },
  { header: "gzip", want: true },
  { header: "deflate, GZIP;q=0.5", want: true },
  { header: "gzip;q=0", want: false },
  { header: "gzip;q=0, *", want: false },
  { header: "*", want: true },
  { header: "br, identity", want: false },
] as const;

test.each(encodings)("acceptsGzip($header) is $want", ({ header, want }) => {
  expect(acceptsGzip(header)).toBe(want);
});
