/**
 * The typed configuration: what the rest of the program sees after `config/` turned raw YAML into
 * it. Every field has a value (defaults are applied), every unit is in the name or the type. It is
 * plain JSON, because the supervisor hands it to the controller as one message.
 */

import type { CoordinationConfig, HookConfig } from "./hooks.ts";
import type { OtlpConfig } from "./otlp.ts";
import type { RouteConfig } from "./selector.ts";

export type ProbeType = "icmp" | "udp" | "stamp";
export type Family = "any" | "ipv4" | "ipv6";

export interface Threshold {
  readonly max: number;
  /** null switches the cap of this metric off. */
  readonly critical: number | null;
}

export interface Thresholds {
  readonly latency_ms: Threshold;
  readonly loss_pct: Threshold;
  readonly jitter_ms: Threshold;
}

export interface Weights {
  readonly latency: number;
  readonly loss: number;
  readonly jitter: number;
}

export interface LivenessConfig {
  readonly down_after: number;
  readonly silence_ms: number;
  readonly up_after: number;
  readonly confirm_interval_ms: number;
}

export interface HealthConfig {
  readonly check_interval_secs: number;
  readonly probes_per_check: number;
  readonly probe_timeout_ms: number;
  readonly window_probes: number;
  readonly min_samples: number;
  readonly persist_to_db: boolean;
  readonly db_persist_interval: number;
  readonly liveness: LivenessConfig;
  readonly thresholds: Thresholds;
  readonly weights: Weights;
}

export interface ProbeConfig {
  readonly type: ProbeType;
  /** Payload octets, without IP, ICMP or UDP header; of STAMP the whole test packet. */
  readonly size: number;
  readonly dscp: number;
  /** 0: the kernel's default. */
  readonly ttl: number;
  readonly fwmark: number;
  readonly family: Family;
  /** UDP and STAMP only; 0: 7 for udp, 862 for stamp. */
  readonly port: number;
  /** UDP only: an ICMP port unreachable from the target itself counts as a reply. */
  readonly accept_unreachable: boolean;
  /** STAMP only: file of the key that seals the packets; null: unauthenticated. */
  readonly key_file: string | null;
}

export interface TargetConfig {
  /** An address (with %zone for link-local IPv6) or a name. */
  readonly host: string;
  readonly probe: ProbeConfig;
}

export type Profile = "fast" | "balanced" | "metered" | "satellite";

export interface PathConfig {
  readonly id: string;
  readonly name: string;
  /** null: not bound to a device. */
  readonly interface: string | null;
  /** Source address; null: the kernel chooses. */
  readonly source: string | null;
  readonly gateway: string;
  readonly targets: readonly TargetConfig[];
  /** k of M targets must be well. */
  readonly reliability: number;
  readonly profile: Profile;
  readonly metered: boolean;
  readonly cost: number;
  readonly capacity_mbps: { readonly down: number; readonly up: number } | null;
  /** Defaults, profile and the path's own `health` block, merged. */
  readonly health: HealthConfig;
}

/** What traffic does while no path works: keep the route, be refused, or follow the system. */
export type AllDown = "hold" | "unreachable" | "os";
/** When the connections of a path that was left are reset. */
export type Flows = "keep" | "reset-on-hard-down" | "reset-always";

export interface PolicyConfig {
  readonly id: number;
  readonly name: string;
  readonly primary: string;
  /** In order of priority. */
  readonly backups: readonly string[];
  /** Score below which a path is left. */
  readonly failover_threshold: number;
  /** Score from which a better path is returned to; at least failover_threshold + 10. */
  readonly failback_threshold: number;
  readonly failback_delay_secs: number;
  /** Score that a path needs to be chosen, besides failover_threshold. */
  readonly backup_threshold: number;
  /** Points by which a path must beat one that is only bad, not dead. */
  readonly min_improvement: number;
  /** Least time between two moves that nothing dead has forced; grows when they repeat. */
  readonly dwell_secs: number;
  readonly enabled: boolean;
  /** null: decide and report only. */
  readonly route: RouteConfig | null;
  readonly all_down: AllDown;
  readonly flows: Flows;
}

export interface StorageConfig {
  readonly path: string;
  readonly flush_interval_secs: number;
  readonly retention: {
    readonly raw_secs: number;
    readonly rollup_5m_secs: number;
    readonly rollup_1h_secs: number;
    readonly rollup_1d_secs: number;
    readonly events_secs: number;
  };
  readonly max_size_mb: number;
}

export interface HttpConfig {
  /** "address:port", or null: no TCP listener. */
  readonly listen: string | null;
  readonly socket: string;
  readonly token_file: string | null;
  readonly allow_anonymous_read: boolean;
  /** Further names accepted in the Host header beside loopback names and the listen address. */
  readonly allowed_hosts: readonly string[];
  /** null: plain HTTP on `listen`. */
  readonly tls: TlsConfig | null;
}

/** PEM files; with a CA for clients only those with a certificate of it are heard. */
export interface TlsConfig {
  readonly cert_file: string;
  readonly key_file: string;
  readonly client_ca_file: string | null;
}

export interface NodeConfig {
  readonly id: string;
  readonly site: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** UDP echo responder inside the worker, used by `run` without a configuration. */
export interface EchoConfig {
  readonly listen: string;
}

/** STAMP reflector inside the worker (RFC 8762 session reflector). */
export interface ReflectorConfig {
  /** "address:port", at least one. */
  readonly listen: readonly string[];
  /** Prefixes that are answered; empty: everybody, with loopback listeners only. */
  readonly allow: readonly string[];
  /** File with the HMAC key; null: unauthenticated packets. */
  readonly key_file: string | null;
  /** Own sequence numbers per session, which tell the direction of a loss. */
  readonly stateful: boolean;
  /** Replies per second and source. */
  readonly rate: number;
}

export interface AgentConfig {
  readonly node: NodeConfig;
  readonly paths: readonly PathConfig[];
  readonly policies: readonly PolicyConfig[];
  readonly storage: StorageConfig;
  readonly http: HttpConfig;
  readonly echo: EchoConfig | null;
  readonly reflector: ReflectorConfig | null;
  /** null: nothing is pushed. */
  readonly otlp: OtlpConfig | null;
  readonly hooks: readonly HookConfig[];
  readonly coordination: CoordinationConfig;
  /** Where it came from, for messages; "built-in" without a file. */
  readonly origin: string;
}
