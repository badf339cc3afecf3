import { describe, expect, test } from "bun:test";
import { builtinConfig, parseBuiltin } from "../../../agent/config/builtin.ts";
import { formatProblem } from "../../../agent/config/problem.ts";

const OPTIONS = { nodeId: "n", storagePath: "/tmp/p.db", socket: "/tmp/p.sock" };

describe("builtinConfig()", () => {
  const config = builtinConfig(OPTIONS);

  test("watches loopback by ICMP in both families and by UDP and STAMP at its own ports", () => {
    expect(config.paths.map(({ id, targets }) => [id, targets[0]?.host])).toEqual([
      ["loopback-icmp", "127.0.0.1"],
      ["loopback-icmp6", "::1"],
      ["loopback-udp", "127.0.0.1"],
      ["loopback-stamp", "127.0.0.1"],
    ]);
    const udp = config.paths[2]?.targets[0]?.probe;
    expect(udp).toMatchObject({ type: "udp", size: 16 });
    expect(config.echo?.listen).toBe(`127.0.0.1:${udp?.port}`);
    const stamp = config.paths[3]?.targets[0]?.probe;
    expect(stamp).toMatchObject({ type: "stamp", size: 44 });
    expect(config.reflector?.listen).toEqual([`127.0.0.1:${stamp?.port}`]);
  });

  test("knows the status of a path within 3 s and stores every check", () => {
    for (const { health } of config.paths) {
      const spacing = health.check_interval_secs / health.probes_per_check;
      expect(spacing * health.min_samples).toBeLessThan(3);
      expect(health.db_persist_interval).toBe(1);
    }
  });

  test("takes places and listener from its options", () => {
    expect(config.storage.path).toBe("/tmp/p.db");
    expect(config.http).toMatchObject({ socket: "/tmp/p.sock", listen: "127.0.0.1:9477" });
    const other = builtinConfig({ ...OPTIONS, listen: null, echoPort: 7007 });
    expect(other.http.listen).toBeNull();
    expect(other.echo?.listen).toBe("127.0.0.1:7007");
    expect(other.paths[2]?.targets[0]?.probe.port).toBe(7007);
  });
});

describe("parseBuiltin()", () => {
  const flag = (name: string, key: string, value: string) => ({ name, key, value });

  function accepted(environment: Record<string, string>, overrides: ReturnType<typeof flag>[]) {
    const result = parseBuiltin(environment, overrides, OPTIONS);
    if (result.kind === "invalid") throw new Error(result.problems.map(formatProblem).join("\n"));
    return result.config;
  }

  test("is builtinConfig() when nothing else is said", () => {
    expect(accepted({}, [])).toEqual(builtinConfig(OPTIONS));
  });

  test("keeps places that no file could name, such as a folder with a blank", () => {
    const places = { ...OPTIONS, socket: "/tmp/a b/agent.sock", storagePath: "relative.db" };
    const result = parseBuiltin({}, [], places);
    expect(result.kind === "ok" && result.config.http.socket).toBe("/tmp/a b/agent.sock");
    expect(result.kind === "ok" && result.config.storage.path).toBe("relative.db");
  });

  test("takes flags over the environment over the places, and keeps the loopback paths", () => {
    const environment = {
      PATRONUS_HTTP__LISTEN: "127.0.0.1:1",
      PATRONUS_HTTP__SOCKET: "/run/env.sock",
      PATRONUS_NODE__ID: "box",
      PATRONUS_STORAGE__FLUSH_INTERVAL_SECS: "30",
    };
    const config = accepted(environment, [flag("--listen", "http.listen", "127.0.0.1:2")]);
    expect(config.http).toMatchObject({ listen: "127.0.0.1:2", socket: "/run/env.sock" });
    expect(config.storage).toMatchObject({ path: "/tmp/p.db", flush_interval_secs: 30 });
    expect(config.node.id).toBe("box");
    expect(config.paths).toEqual(builtinConfig(OPTIONS).paths);
    expect(accepted({ PATRONUS_HTTP__LISTEN: "" }, []).http.listen).toBeNull();
  });

  const rows = [
    ["--listen", "http.listen", "0.0.0.0:9477"],
    ["--listen", "http.listen", "nowhere"],
    ["--socket", "http.socket", "agent.sock"],
    ["--storage", "storage.path", "patronus.db"],
  ] as const;

  test.each(rows)("refuses %s (%s) %s as it does over a file", (name, key, value) => {
    const result = parseBuiltin({}, [flag(name, key, value)], OPTIONS);
    if (result.kind === "ok") throw new Error("accepted");
    expect(result.problems.map(formatProblem)).toEqual([
      expect.stringMatching(new RegExp(`^${name}: ${key}: cannot (use|open) "${value}"`)),
    ]);
  });
});
