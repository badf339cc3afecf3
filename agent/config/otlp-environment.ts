/**
 * The OTEL_* variables of the OpenTelemetry specification, as far as they concern the export of
 * metrics and logs. They are defaults: what a file says wins, except for OTEL_SDK_DISABLED.
 */

import { isFile, isHttpUrl, signalUrl } from "./otlp-forms.ts";
import type { Report } from "./problem.ts";
import type { Environment } from "./substitution.ts";

export interface OtelDefaults {
  readonly isDisabled: boolean;
  readonly metricsUrl: string | null;
  readonly logsUrl: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | null;
  readonly intervalSecs: number | null;
  readonly compression: "gzip" | "none" | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly resource: Readonly<Record<string, string>>;
}

/** What cannot be used is a warning: a variable for another program must not stop this one. */
export function otelDefaults(environment: Environment, report: Report): OtelDefaults {
  const read = new Reader(environment, report);
  const base = read.url("OTEL_EXPORTER_OTLP_ENDPOINT");
  const metrics = read.url("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
  const logs = read.url("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
  const interval = read.millis("OTEL_METRIC_EXPORT_INTERVAL");
  const named = read.text("OTEL_SERVICE_NAME");
  const exporter = read.text("OTEL_METRICS_EXPORTER");
  return {
    isDisabled: read.text("OTEL_SDK_DISABLED")?.toLowerCase() === "true" || exporter === "none",
    metricsUrl: metrics ?? (base === null ? null : signalUrl(base, "metrics")),
    logsUrl: logs ?? (base === null ? null : signalUrl(base, "logs")),
    headers: {
      ...read.pairs("OTEL_EXPORTER_OTLP_HEADERS"),
      ...read.pairs("OTEL_EXPORTER_OTLP_METRICS_HEADERS"),
    },
    timeoutMs: read.specific((name) => read.millis(name), "TIMEOUT"),
    intervalSecs: interval === null ? null : Math.max(1, Math.round(interval / 1_000)),
    compression: read.specific((name) => read.compression(name), "COMPRESSION"),
    caFile: read.specific((name) => read.file(name), "CERTIFICATE"),
    certFile: read.specific((name) => read.file(name), "CLIENT_CERTIFICATE"),
    keyFile: read.specific((name) => read.file(name), "CLIENT_KEY"),
    resource: {
      ...read.pairs("OTEL_RESOURCE_ATTRIBUTES"),
      ...(named === null ? {} : { "service.name": named }),
    },
  };
}

class Reader {
  readonly #environment: Environment;
  readonly #report: Report;

  constructor(environment: Environment, report: Report) {
    this.#environment = environment;
    this.#report = report;
  }

  /** An empty variable is as good as none, says the specification. */
  text(name: string): string | null {
    const value = this.#environment[name]?.trim() ?? "";
    return value === "" ? null : value;
  }

  /** The variable of the signal before the common one. */
  specific<T>(read: (name: string) => T | null, what: string): T | null {
    return read(`OTEL_EXPORTER_OTLP_METRICS_${what}`) ?? read(`OTEL_EXPORTER_OTLP_${what}`);
  }

  url(name: string): string | null {
    return this.#checked(name, isHttpUrl, "want an http or https URL");
  }

  file(name: string): string | null {
    return this.#checked(name, isFile, "want an absolute path");
  }

  compression(name: string): "gzip" | "none" | null {
    const isKnown = (text: string) => text === "gzip" || text === "none";
    const text = this.#checked(name, isKnown, "want gzip or none");
    return text === "gzip" || text === "none" ? text : null;
  }

  millis(name: string): number | null {
    const text = this.#checked(name, (value) => /^[1-9]\d{0,8}$/.test(value), "want milliseconds");
    return text === null ? null : Number(text);
  }

  /** `a=1,b=2`, percent-encoded (W3C Baggage). One bad pair voids all, as specified. */
  pairs(name: string): Record<string, string> {
    const text = this.text(name);
    if (text === null) return {};
    const pairs: [string, string][] = [];
    for (const part of text.split(",")) {
      const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      const decoded = value === undefined ? null : decode(value);
      if (key === undefined || decoded === null) {
        this.#warn(name, "cannot use it: want key=value pairs, separated by commas");
        return {};
      }
      pairs.push([key, decoded]);
    }
    return Object.fromEntries(pairs);
  }

  #checked(name: string, accepts: (text: string) => boolean, want: string): string | null {
    const text = this.text(name);
    if (text === null || accepts(text)) return text;
    this.#warn(name, `cannot use it: ${want}`);
    return null;
  }

  /** Never the value: it may be a secret. */
  #warn(name: string, message: string): void {
    this.#report.warnings.push({ file: name, line: null, key: "", message });
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
