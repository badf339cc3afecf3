import { describe, expect, test } from "bun:test";
import { firstConfig } from "../../../agent/config/first-config.ts";
import { parseConfig } from "../../../agent/config/parse.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import type { BoxUplink } from "../../../agent/domain/box-uplinks.ts";
import { fc } from "../../support/property.ts";

const FIBER: BoxUplink = {
  device: "eth1",
  kind: "ethernet",
  ipv4: { gateway: "192.0.2.1", metric: 100 },
  ipv6: null,
  addresses: ["192.0.2.9"],
};
const LTE: BoxUplink = {
  device: "wwan0",
  kind: "wwan",
  ipv4: { gateway: null, metric: 200 },
  ipv6: { gateway: null, metric: 200 },
  addresses: [],
};

function written(uplinks: readonly BoxUplink[], targets: readonly string[]) {
  const first = firstConfig(uplinks, targets);
  if (first.kind === "failed") throw new Error(first.reason);
  const parsed = parseConfig([{ name: "a.yaml", text: first.text }], {});
  if (parsed.kind === "invalid") throw new Error(parsed.problems.map(formatProblem).join("\n"));
  return { text: first.text, config: parsed.config };
}

describe("firstConfig()", () => {
  test("makes a path of each uplink and a policy in the order of the kernel", () => {
    const { config } = written([FIBER, LTE], ["198.51.100.7", "2001:db8::7", "host.example"]);
    expect(config.paths).toMatchObject([
      { id: "eth1", interface: "eth1", gateway: "auto", profile: "balanced" },
      { id: "wwan0", interface: "wwan0", gateway: "none", profile: "metered", metered: true },
    ]);
    expect(config.paths.map(({ targets }) => targets.map(({ host }) => host))).toEqual([
      ["198.51.100.7", "host.example"],
      ["198.51.100.7", "2001:db8::7", "host.example"],
    ]);
    expect(config.policies).toMatchObject([{ primary: "eth1", backups: ["wwan0"], route: null }]);
  });

  test("explains each choice", () => {
    const { text } = written([FIBER, LTE], ["198.51.100.7"]);
    for (const words of ["metric 100", "point to point", "followed when DHCP", "mobile device"]) {
      expect(text).toContain(words);
    }
  });

  test("without a target takes the gateway, and says that this proves little", () => {
    const { text, config } = written([FIBER], []);
    expect(config.paths[0]?.targets[0]?.host).toBe("192.0.2.1");
    expect(text).toContain("first hop only");
  });

  test("fails where there is neither target nor gateway, or no uplink", () => {
    expect(firstConfig([FIBER, LTE], [])).toEqual({
      kind: "failed",
      reason: "cannot choose a target for wwan0: name one with --target",
    });
    expect(firstConfig([], ["a.example"])).toMatchObject({ kind: "failed" });
  });

  test("of any devices passes the check of configurations", () => {
    const device = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 15 });
    const route = fc.option(
      fc.record({ gateway: fc.constantFrom("192.0.2.1", null), metric: fc.nat() }),
    );
    const uplink = fc.record({
      device,
      kind: fc.constantFrom("ethernet", "wireless", "ppp", "wwan", "tunnel"),
      ipv4: route,
      ipv6: fc.constant(null),
      addresses: fc.constant([]),
    });
    const uplinks = fc.uniqueArray(uplink, { maxLength: 6, selector: (one) => one.device });
    fc.assert(
      fc.property(uplinks, (list) => {
        const first = firstConfig(list, ["host.example"]);
        if (first.kind === "text") written(list, ["host.example"]);
      }),
    );
  });
});
