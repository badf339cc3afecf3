import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";

const PATHS = "paths: [{ id: a, targets: [192.0.2.1] }]\n";

function parse(text: string, environment: Record<string, string> = {}) {
  const result = parseConfig([{ name: "a.yaml", text: PATHS + text }], environment);
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return { otlp: result.config.otlp, warnings: result.warnings.map(formatProblem) };
}

describe("readOtlp()", () => {
  test("without an endpoint nothing is pushed", () => {
    expect(parse("").otlp).toBeNull();
    expect(parse("otlp: { interval_secs: 5 }").otlp).toBeNull();
  });

  test("one endpoint has the defaults of the specification", () => {
    expect(parse(`otlp: { endpoint: "https://c.example.net:4318/base/" }`).otlp).toEqual({
      destinations: [
        {
          name: "default",
          metrics_url: "https://c.example.net:4318/base/v1/metrics",
          logs_url: "https://c.example.net:4318/base/v1/logs",
          compression: "gzip",
          timeout_ms: 10_000,
          headers: {},
          headers_file: null,
          tls: { ca_file: null, cert_file: null, key_file: null, insecure: false },
          interface: null,
        },
      ],
      interval_secs: 60,
      queue: { max_mb: 16, max_age_secs: 604_800, replay_per_sec: 10 },
      resource: {},
    });
  });

  test("a destination takes from above what it does not give itself", () => {
    const { otlp } = parse(`otlp:
  headers: { X-Common: c }
  timeout_secs: 5
  tls: { ca_file: /ca.pem }
  destinations:
    - { name: one, endpoint: "http://192.0.2.1:4318" }
    - name: two
      endpoint: "http://192.0.2.2:4318"
      headers: { x-own: o }
      compression: none
      events: false
      tls: { insecure: true }
`);
    const [one, two] = otlp?.destinations ?? [];
    expect(one).toMatchObject({ name: "one", timeout_ms: 5_000, headers: { "x-common": "c" } });
    expect(two).toMatchObject({ name: "two", compression: "none", logs_url: null });
    expect(two?.headers).toEqual({ "x-common": "c", "x-own": "o" });
    expect(two?.tls).toMatchObject({ ca_file: "/ca.pem", insecure: true });
  });

  const OTEL = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://192.0.2.9:4318",
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b,x=1",
    OTEL_EXPORTER_OTLP_TIMEOUT: "2500",
    OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    OTEL_METRIC_EXPORT_INTERVAL: "15000",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=lab,service.name=other",
    OTEL_SERVICE_NAME: "edge",
  };

  test("the variables of OpenTelemetry are enough to push", () => {
    const { otlp } = parse("", OTEL);
    expect(otlp?.destinations[0]).toMatchObject({
      metrics_url: "http://192.0.2.9:4318/v1/metrics",
      logs_url: "http://192.0.2.9:4318/v1/logs",
      headers: { "api-key": "a b", x: "1" },
      timeout_ms: 2_500,
      compression: "none",
    });
    expect(otlp?.interval_secs).toBe(15);
    expect(otlp?.resource).toEqual({ "deployment.environment": "lab", "service.name": "edge" });
  });

  test("the variable of the signal wins over the common one and is taken as it is", () => {
    const url = "http://192.0.2.7/otlp/custom";
    const { otlp } = parse("", { ...OTEL, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url });
    expect(otlp?.destinations[0]?.metrics_url).toBe(url);
    const alone = parse("", { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url }).otlp;
    expect(alone?.destinations[0]).toMatchObject({ metrics_url: url, logs_url: null });
  });

  test("the file wins over the variables", () => {
    const text = `otlp: { endpoint: "http://192.0.2.1", interval_secs: 30, compression: gzip }`;
    const { otlp } = parse(text, OTEL);
    expect(otlp?.destinations.length).toBe(1);
    expect(otlp?.destinations[0]?.metrics_url).toBe("http://192.0.2.1/v1/metrics");
    expect(otlp?.destinations[0]?.compression).toBe("gzip");
    expect(otlp?.interval_secs).toBe(30);
  });

  test("OTEL_SDK_DISABLED switches everything off, and says so", () => {
    const environment = { ...OTEL, OTEL_SDK_DISABLED: "TRUE" };
    expect(parse("", environment)).toEqual({ otlp: null, warnings: [] });
    const { otlp, warnings } = parse(`otlp: { endpoint: "http://192.0.2.1" }`, environment);
    expect(otlp).toBeNull();
    expect(warnings.join()).toContain("OTEL_SDK_DISABLED");
    expect(parse("", { ...OTEL, OTEL_METRICS_EXPORTER: "none" }).otlp).toBeNull();
  });

  test("a variable that cannot be used is a warning without its value", () => {
    const { otlp, warnings } = parse("", {
      ...OTEL,
      OTEL_EXPORTER_OTLP_HEADERS: "hunter2",
      OTEL_EXPORTER_OTLP_TIMEOUT: "-1",
    });
    expect(otlp?.destinations[0]).toMatchObject({ headers: {}, timeout_ms: 10_000 });
    expect(warnings.length).toBe(2);
    expect(warnings.join()).not.toContain("hunter2");
  });
});
