import { describe, expect, test } from "bun:test";
import { builtinConfig } from "../../../agent/config/builtin.ts";

const OPTIONS = { nodeId: "n", storagePath: "/tmp/p.db", socket: "/tmp/p.sock" };

describe("builtinConfig()", () => {
  const config = builtinConfig(OPTIONS);

  test("watches loopback by ICMP in both families and by UDP at its own echo", () => {
    expect(config.paths.map(({ id, targets }) => [id, targets[0]?.host])).toEqual([
      ["loopback-icmp", "127.0.0.1"],
      ["loopback-icmp6", "::1"],
      ["loopback-udp", "127.0.0.1"],
    ]);
    const udp = config.paths[2]?.targets[0]?.probe;
    expect(udp).toMatchObject({ type: "udp", size: 16 });
    expect(config.echo?.listen).toBe(`127.0.0.1:${udp?.port}`);
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
