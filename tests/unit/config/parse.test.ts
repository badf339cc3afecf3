// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax under test
import { describe, expect, test } from "bun:test";
import type { Override } from "../../../agent/config/override.ts";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import type { AgentConfig } from "../../../agent/domain/config.ts";

const MINIMAL = "paths: [{ id: fiber, targets: [192.0.2.1] }]\n";

function source(text: string, name = "agent.yaml") {
  return { name, text };
}

function parsed(text: string, environment = {}, overrides: Override[] = []): AgentConfig {
  const result = parseConfig([source(text)], environment, overrides);
  if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config;
}

function problems(...texts: string[]): string[] {
  const sources = texts.map((text, i) => source(text, `${i}.yaml`));
  const result = parseConfig(sources, {});
  return result.kind === "invalid" ? result.problems.map(formatProblem) : [];
}

describe("parseConfig() of a minimal file", () => {
  test("applies every default of the design", () => {
    const { paths, policies, storage, http, echo, origin } = parsed(MINIMAL);
    expect(paths).toEqual([
      {
        id: "fiber",
        name: "fiber",
        interface: null,
        source: null,
        gateway: "auto",
        targets: [
          {
            host: "192.0.2.1",
            probe: {
              type: "icmp",
              size: 16,
              dscp: 0,
              ttl: 64,
              fwmark: 0,
              family: "any",
              port: 0,
              accept_unreachable: false,
              key_file: null,
            },
          },
        ],
        reliability: 1,
        profile: "balanced",
        metered: false,
        rx_evidence: false,
        cost: 1,
        capacity_mbps: null,
        health: {
          check_interval_secs: 10,
          probes_per_check: 5,
          probe_timeout_ms: 1000,
          window_probes: 50,
          min_samples: 5,
          persist_to_db: true,
          db_persist_interval: 6,
          liveness: { down_after: 4, silence_ms: 800, up_after: 5, confirm_interval_ms: 100 },
          thresholds: {
            latency_ms: { max: 100, critical: 400 },
            loss_pct: { max: 2, critical: 20 },
            jitter_ms: { max: 10, critical: 80 },
          },
          weights: { latency: 0.4, loss: 0.4, jitter: 0.2 },
        },
      },
    ]);
    expect(policies).toEqual([]);
    expect(storage.retention).toEqual({
      raw_secs: 7 * 86_400,
      rollup_5m_secs: 90 * 86_400,
      rollup_1h_secs: 400 * 86_400,
      rollup_1d_secs: 5 * 365 * 86_400,
      events_secs: 400 * 86_400,
    });
    expect(http.listen).toBe("127.0.0.1:9477");
    expect({ echo, origin }).toEqual({ echo: null, origin: "agent.yaml" });
  });

  test("gives plain JSON", () => {
    const config = parsed(`${MINIMAL}node: { labels: { region: eu } }`);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  test("takes node.id from its argument when no file names one", () => {
    const result = parseConfig([source(MINIMAL)], {}, [], "node-1");
    expect(result.kind === "ok" && result.config.node.id).toBe("node-1");
  });

  test("takes a byte order mark and empty sections", () => {
    expect(parsed(`\ufeff${MINIMAL}health:\nalerts:\ncoordination:\n`).paths).toHaveLength(1);
  });
});

describe("parseConfig() of the design's sample", () => {
  const sample = `
node: { id: cpe-0042, site: berlin-3, labels: { region: eu } }
health:
  check_interval_secs: 10
  probes_per_check: 5
  probe_timeout_ms: 1000
  window_probes: 50
  min_samples: 5
  persist_to_db: true
  db_persist_interval: 6
  liveness: { down_after: 4, silence_ms: 800, up_after: 5, confirm_interval_ms: 100 }
  thresholds:
    { latency_ms: {max: 100, critical: 400}, loss_pct: {max: 2, critical: 20},
      jitter_ms: {max: 10, critical: 80} }
  weights: { latency: 0.4, loss: 0.4, jitter: 0.2 }
paths:
  - id: fiber
    name: Fiber uplink
    interface: eth1
    gateway: auto
    targets: [192.0.2.1, {host: resolver.example.net, probe: {type: TYPE, port: 862}}]
    reliability: 1
    probe: { type: icmp, size: 16, dscp: 0, ttl: 64, fwmark: 0, family: any }
    profile: balanced
    metered: false
    cost: 1
    capacity_mbps: { down: 500, up: 100 }
  - { id: lte, interface: wwan0, targets: [192.0.2.1] }
  - { id: dsl, interface: dsl0, targets: [192.0.2.1] }
policies:
  - id: 1
    name: critical-traffic
    primary: fiber
    backups: [lte, dsl]
    failover_threshold: 50
    failback_threshold: 80
    failback_delay_secs: 60
    enabled: true
    route: { match: [{to: default}] }
    all_down: hold
    flows: reset-on-hard-down
storage: { path: /var/lib/patronus/patronus.db, flush_interval_secs: 300, max_size_mb: 64,
  retention: {raw: 7d, rollup_5m: 90d, rollup_1h: 400d, rollup_1d: 5y, events: 400d} }
http: { listen: "127.0.0.1:9477", socket: /run/patronus/agent.sock, token_file: ~, tls: ~ }
otlp: { endpoint: ~, interval_secs: 60, compression: gzip, headers: {},
  queue: {max_mb: 16, max_age: 7d} }
alerts: []
coordination: {}
update: {}
`;

  test("accepts all of it that this version does", () => {
    const config = parsed(sample.replace("TYPE", "udp"));
    expect(config.node).toEqual({ id: "cpe-0042", site: "berlin-3", labels: { region: "eu" } });
    expect(config.policies[0]?.backups).toEqual(["lte", "dsl"]);
    expect(config.paths[0]?.capacity_mbps).toEqual({ down: 500, up: 100 });
  });

  test("accepts a STAMP target of it", () => {
    const probe = parsed(sample.replace("TYPE", "stamp")).paths[0]?.targets[1]?.probe;
    expect(probe).toMatchObject({ type: "stamp", port: 862, size: 44, key_file: null });
  });
});

describe("parseConfig() of several files", () => {
  test("merges maps of the files in their order", () => {
    const texts = [`${MINIMAL}health: { window_probes: 60 }`, "health: { min_samples: 6 }"];
    const up = "health: { liveness: { up_after: 6 } }";
    const result = parseConfig(
      [...texts, up].map((text, i) => source(text, `${i}`)),
      {},
    );
    if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join());
    const [path] = result.config.paths;
    expect(path?.health).toMatchObject({ window_probes: 60, min_samples: 6 });
    expect(path?.health.liveness).toMatchObject({ up_after: 6, down_after: 4 });
  });

  test("replaces an earlier list and warns of it", () => {
    const other = "paths: [{ id: lte, targets: [192.0.2.2] }]";
    const result = parseConfig([source(MINIMAL), source(other, "conf.d/lte.yaml")], {});
    expect(result.kind === "ok" && result.config.paths.map(({ id }) => id)).toEqual(["lte"]);
    expect(result.warnings.map(formatProblem)).toEqual([
      "conf.d/lte.yaml:1: paths: replaces the list of agent.yaml:1: " +
        "lists of several files are not joined",
    ]);
  });

  test("refuses a single value that two files give", () => {
    const http = "http: { listen: ~, socket: /run/a.sock }";
    expect(problems(`${MINIMAL}${http}`, "\nhttp: { socket: /run/a.sock }")).toEqual([
      "1.yaml:2: http.socket: given twice: first in 0.yaml:2, want it in one file",
    ]);
  });

  test("lists problems of all files in the order of the files", () => {
    const found = problems(`${MINIMAL}nod: {}`, "storge: {}");
    expect(found).toEqual([
      '0.yaml:2: nod: unknown key: did you mean "node"?',
      '1.yaml:1: storge: unknown key: did you mean "storage"?',
    ]);
  });

  test("blames nobody for keys that an unreadable file may hold", () => {
    expect(problems("health: {}", "paths: [")).toHaveLength(1);
  });
});

describe("parseConfig() precedence", () => {
  const overrides = [{ name: "--listen", key: "http.listen", value: "127.0.0.1:2" }];

  test("takes the environment over the files", () => {
    const environment = {
      PATRONUS_HTTP__LISTEN: "127.0.0.1:1",
      PATRONUS_HEALTH__LIVENESS__DOWN_AFTER: "7",
      PATRONUS_HEALTH__PERSIST_TO_DB: "false",
      PATRONUS_NODE__ID: "0042",
      PATRONUS_CONFIG: "/elsewhere.yaml",
      HOME: "/root",
    };
    const config = parsed(`${MINIMAL}http: { listen: ~ }`, environment);
    expect(config.http.listen).toBe("127.0.0.1:1");
    expect(config.node.id).toBe("0042");
    expect(config.paths[0]?.health.liveness.down_after).toBe(7);
    expect(config.paths[0]?.health.persist_to_db).toBe(false);
  });

  test("takes flags over the environment", () => {
    const config = parsed(MINIMAL, { PATRONUS_HTTP__LISTEN: "127.0.0.1:1" }, overrides);
    expect(config.http.listen).toBe("127.0.0.1:2");
  });

  test("names the variable or flag of a wrong value", () => {
    const environment = { PATRONUS_HTP__LISTEN: "x", PATRONUS_STORAGE__MAX_SIZE_MB: "many" };
    const flags = [
      { name: "--listen", key: "http.listen", value: "nowhere" },
      { name: "--paths", key: "paths", value: "fiber" },
      { name: "--path-id", key: "paths.id", value: "fiber" },
    ];
    const result = parseConfig([source(MINIMAL)], environment, flags);
    const found = result.kind === "invalid" ? result.problems.map(formatProblem) : [];
    expect(found).toHaveLength(5);
    expect(found).toContain('PATRONUS_HTP__LISTEN: htp: unknown key: did you mean "http"?');
    expect(found).toContain(
      'PATRONUS_STORAGE__MAX_SIZE_MB: storage.max_size_mb: cannot use "many": ' +
        "want a whole number from 8 to 65536 MB",
    );
    expect(found.find((one) => one.startsWith("--listen: http.listen: "))).toBeDefined();
    expect(found.find((one) => one.startsWith("--paths: paths: cannot set a list"))).toBeDefined();
    expect(found.find((one) => one.startsWith("--path-id: "))).toContain("inside of a list");
  });

  test("an empty variable switches a value off", () => {
    expect(parsed(MINIMAL, { PATRONUS_HTTP__LISTEN: "" }).http.listen).toBeNull();
  });
});

describe("parseConfig() of variables in a file", () => {
  test("replaces ${env:NAME} in text and where a number is wanted", () => {
    const text = `${MINIMAL}node: { id: "cpe-\${env:N}" }\nstorage: { max_size_mb: \${env:MB} }`;
    const config = parsed(text.replace("${env:MB}", '"${env:MB}"'), { N: "7", MB: "32" });
    expect(config.node.id).toBe("cpe-7");
    expect(config.storage.max_size_mb).toBe(32);
  });

  test("leaves $${env:NAME} as the text ${env:NAME}", () => {
    const config = parsed(`${MINIMAL}node: { site: "$\${env:N}" }`, {});
    expect(config.node.site).toBe("${env:N}");
  });
});

describe("parseConfig() of hostile texts", () => {
  const nested = Array.from({ length: 20 }, (_, i) =>
    i === 0
      ? "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
      : `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
  );
  const rows = [
    { name: "an alias bomb", text: nested.join("\n"), says: "aliases expanded" },
    { name: "deep flow lists", text: "[".repeat(20_000), says: "less deep" },
    { name: "deep block lists", text: `${"- ".repeat(20_000)}a`, says: "less deep" },
    { name: "deep maps", text: `paths: ${"[".repeat(40)}${"]".repeat(40)}`, says: "32 levels" },
    { name: "a huge file", text: "#".repeat(5_000_000), says: "shorten the file" },
    { name: "a file of zeros", text: "\0".repeat(10), says: "want keys and values" },
    { name: "a key that is a list", text: "? [a]\n: 1", says: "as a key" },
  ];

  test.each(rows)("reports $name", ({ text, says }) => {
    const result = parseConfig([source(text)], {});
    expect(result.kind).toBe("invalid");
    const found = result.kind === "invalid" ? result.problems.map(formatProblem) : [];
    expect(found.join("\n")).toContain(says);
  });

  test("lists at most a thousand problems and counts the others", () => {
    const text = Array.from({ length: 1_500 }, (_, i) => `k${i}: 1`).join("\n");
    const found = problems(text);
    expect(found).toHaveLength(1_001);
    expect(found.at(-1)).toContain("and 501 more problems");
  });
});
