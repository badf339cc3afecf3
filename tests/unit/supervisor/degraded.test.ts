/** What the agent says about rights that it was not given. */

import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../agent/config/parse.ts";
import { degradedModes, withoutJscOptions } from "../../../agent/supervisor/degraded.ts";

const NET_ADMIN = 1 << 12;

function configWith(policy: string) {
  const text = `
paths:
  - { id: a, interface: eth1, targets: [192.0.2.1] }
  - { id: b, interface: eth2, targets: [192.0.2.2] }
policies: [{ id: 1, name: web, primary: a, backups: [b], ${policy} }]
`;
  const parsed = parseConfig([{ name: "a.yaml", text }], {}, [], "node");
  if (parsed.kind === "invalid") throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

const ROUTED = "route: { match: [{ to: default }] }";

describe("degradedModes()", () => {
  test("names the policies that cannot move routes without CAP_NET_ADMIN", () => {
    expect(degradedModes(configWith(ROUTED), 0)).toEqual([
      "routes are not changed: CAP_NET_ADMIN is missing; policies only decide and report (web)",
    ]);
  });

  test("is silent with the capability, without routes, and for a disabled policy", () => {
    expect(degradedModes(configWith(ROUTED), NET_ADMIN)).toEqual([]);
    expect(degradedModes(configWith("enabled: true"), 0)).toEqual([]);
    expect(degradedModes(configWith(`enabled: false, ${ROUTED}`), 0)).toEqual([]);
  });
});

describe("withoutJscOptions()", () => {
  test("drops what could have switched the JIT off, once", () => {
    const cleaned = withoutJscOptions({ BUN_JSC_useJIT: "0", BUN_OPTIONS: "--smol", PATH: "/bin" });
    expect(cleaned).toEqual({ PATH: "/bin", PATRONUS_JIT_RETRIED: "1" });
    expect(withoutJscOptions({ ...cleaned, BUN_JSC_useJIT: "0" })).toBeNull();
  });

  test("answers null where no variable is to blame", () => {
    expect(withoutJscOptions({ PATH: "/bin" })).toBeNull();
  });
});
