/**
 * What `run` does without a configuration: it watches loopback three ways, at a pace that shows a
 * status within 3 s and fills the history at once. Two paths answer by the agent's own echo and by
 * its own STAMP reflector.
 */

import type { AgentConfig, HealthConfig, PathConfig, ProbeConfig } from "../domain/config.ts";
import { NO_COORDINATION } from "../domain/hooks.ts";
import { DEFAULT_HTTP } from "./http.ts";
import type { Override } from "./override.ts";
import { environmentOverrides } from "./override.ts";
import type { ParseResult } from "./parse.ts";
import { parseConfig } from "./parse.ts";
import { DEFAULT_PROBE, finishProbe } from "./probe.ts";
import { DEFAULT_HEALTH, presetSize } from "./profiles.ts";
import { DEFAULT_STORAGE } from "./storage.ts";
import type { Environment } from "./substitution.ts";

export interface BuiltinOptions {
  readonly nodeId: string;
  readonly storagePath: string;
  readonly socket: string;
  /** "address:port"; default 127.0.0.1:9477; null: no TCP listener. */
  readonly listen?: string | null;
  readonly echoPort?: number;
  readonly reflectorPort?: number;
}

export const ECHO_PORT = 9_707;
/** Not the 862 of the RFC: that one needs a privilege, and may be somebody else's. */
export const REFLECTOR_PORT = 9_862;

/** Two probes per second: five samples after 2.5 s. */
const HEALTH: HealthConfig = {
  ...DEFAULT_HEALTH,
  check_interval_secs: 2,
  probes_per_check: 4,
  db_persist_interval: 1,
};
/** A short trial should find its history on disk. */
const FLUSH_SECS = 10;

const LOOPBACK_REFLECTOR = { allow: [], key_file: null, stateful: true, rate: 100 } as const;

export function builtinConfig(options: BuiltinOptions): AgentConfig {
  const udp = { type: "udp", port: options.echoPort ?? ECHO_PORT } as const;
  const stamp = { type: "stamp", port: options.reflectorPort ?? REFLECTOR_PORT } as const;
  return {
    node: { id: options.nodeId, site: "", labels: {} },
    paths: [
      loopbackPath("loopback-icmp", "Loopback, IPv4 ICMP", "127.0.0.1", {}),
      loopbackPath("loopback-icmp6", "Loopback, IPv6 ICMP", "::1", {}),
      loopbackPath("loopback-udp", "Loopback, UDP echo", "127.0.0.1", udp),
      loopbackPath("loopback-stamp", "Loopback, STAMP", "127.0.0.1", stamp),
    ],
    policies: [],
    storage: { ...DEFAULT_STORAGE, path: options.storagePath, flush_interval_secs: FLUSH_SECS },
    http: {
      ...DEFAULT_HTTP,
      listen: options.listen === undefined ? DEFAULT_HTTP.listen : options.listen,
      socket: options.socket,
    },
    otlp: null,
    echo: { listen: `127.0.0.1:${udp.port}` },
    reflector: { ...LOOPBACK_REFLECTOR, listen: [`127.0.0.1:${stamp.port}`] },
    hooks: [],
    coordination: NO_COORDINATION,
    origin: "built-in",
  };
}

/** The least that parses; its path gives way to the built-in ones. */
const STAND_IN = { name: "built-in", text: "paths: [{ id: loopback, targets: [127.0.0.1] }]" };

/**
 * The built-in configuration under flags and environment, which pass the same checks as over a
 * file: no listener open to everybody, no relative path. `places` holds where nothing else is said.
 */
export function parseBuiltin(
  environment: Environment,
  overrides: readonly Override[],
  places: BuiltinOptions,
): ParseResult {
  const parsed = parseConfig([STAND_IN], environment, overrides, places.nodeId);
  if (parsed.kind === "invalid") return parsed;
  const { node, storage, http } = parsed.config;
  const all = [...environmentOverrides(environment), ...overrides];
  const given = new Set(all.map(({ key }) => key));
  const base = builtinConfig({
    ...places,
    storagePath: given.has("storage.path") ? storage.path : places.storagePath,
    socket: given.has("http.socket") ? http.socket : places.socket,
  });
  const flush = given.has("storage.flush_interval_secs") ? storage : base.storage;
  const config = {
    ...base,
    node,
    storage: {
      ...storage,
      path: base.storage.path,
      flush_interval_secs: flush.flush_interval_secs,
    },
    http: {
      ...http,
      socket: base.http.socket,
      listen: given.has("http.listen") ? http.listen : base.http.listen,
    },
  };
  return { ...parsed, config };
}

function loopbackPath(
  id: string,
  name: string,
  host: string,
  probe: Partial<Pick<ProbeConfig, "type" | "port">>,
): PathConfig {
  const target = {
    host,
    probe: finishProbe({ ...DEFAULT_PROBE, ...probe }, presetSize("balanced")),
  };
  return {
    id,
    name,
    interface: null,
    source: null,
    gateway: "none",
    targets: [target],
    reliability: 1,
    profile: "balanced",
    metered: false,
    cost: 1,
    capacity_mbps: null,
    health: HEALTH,
  };
}
