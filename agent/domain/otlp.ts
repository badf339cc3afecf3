/** Where telemetry is pushed to over OTLP, and how. */

export interface OtlpTls {
  readonly ca_file: string | null;
  readonly cert_file: string | null;
  readonly key_file: string | null;
  /** The receiver's certificate is not checked. */
  readonly insecure: boolean;
}

export interface OtlpDestination {
  /** Stable: names the rows of the queue and the label of the metrics. */
  readonly name: string;
  /** null: nothing of this kind is sent there. */
  readonly metrics_url: string | null;
  readonly logs_url: string | null;
  readonly compression: "gzip" | "none";
  /** Of one attempt. */
  readonly timeout_ms: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Further headers, a line each, read before every attempt; null: none. */
  readonly headers_file: string | null;
  readonly tls: OtlpTls;
  /** The device whose address the connection comes from; null: the kernel's choice. */
  readonly interface: string | null;
}

export interface OtlpConfig {
  readonly destinations: readonly OtlpDestination[];
  readonly interval_secs: number;
  readonly queue: {
    readonly max_mb: number;
    readonly max_age_secs: number;
    readonly replay_per_sec: number;
  };
  /** Attributes of the resource that the environment gives. */
  readonly resource: Readonly<Record<string, string>>;
}
