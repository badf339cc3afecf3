/**
 * The planner against a kernel: what it plans is taken, read back as planned (so that nothing is
 * written twice), and leaves no trace. Once through the worker's orders and once through the
 * commands that --dry-run prints, which proves that both say the same.
 */

import { afterEach, describe, expect, test } from "bun:test";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";
import type { StepReport } from "../support/planned-routes.ts";

const problem = namespaceProblem();
const SCRIPT = new URL("../support/planned-routes.ts", import.meta.url).pathname;

const SETUP = `
link add wan0 type veth peer name isp0
link add wan1 type veth peer name isp1
link add tun0 type veth peer name far0
link add lan type veth peer name host0
addr add 10.1.0.2/24 dev wan0
addr add fd11::2/64 dev wan0 nodad
addr add 10.2.0.2/24 dev wan1
addr add fd12::2/64 dev wan1 nodad
addr add 10.3.0.2/32 dev tun0
addr add fd13::2/128 dev tun0 nodad
addr add 10.9.0.1/24 dev lan
link set isp0 up
link set isp1 up
link set far0 up
link set host0 up
link set wan0 up
link set wan1 up
link set tun0 up
link set lan up
-4 route add default via inet6 fe80::1 dev wan0 metric 100
-6 route add default via fe80::1 dev wan0 metric 1024
-6 route add default via fd12::1 dev wan1 metric 2048
rule add priority 1004 oif wan0 lookup 1001 protocol 99
rule add priority 20000 from 10.9.0.0/24 lookup 700
route add default via 10.9.0.9 dev lan table 700
route add 198.51.100.0/24 via 10.9.0.9 dev lan table 218`;

/** Everything that an operator would compare. IPv6 tells lifetimes and order of its own. */
function stateOf(namespace: Namespace): readonly string[] {
  const lines = (args: string) =>
    namespace
      .exec(["ip", ...args.split(" ")])
      .split("\n")
      .sort();
  const settings = ["rp_filter", "ignore_routes_with_linkdown"].map((key) =>
    namespace.exec(["sysctl", `net.ipv4.conf.wan0.${key}`]).trim(),
  );
  return [
    ...lines("-4 rule show"),
    ...lines("-6 rule show"),
    ...lines("-4 route show table all"),
    ...lines("-6 route show table all"),
    ...settings,
  ];
}

let namespace: Namespace | null = null;

afterEach(() => {
  namespace?.close();
  namespace = null;
});

function setUp(): Namespace {
  const made = createNamespace("plan");
  namespace = made;
  made.sysctl("net.ipv4.conf.all.rp_filter", "1");
  for (const line of SETUP.trim().split("\n")) made.exec(["ip", ...line.split(" ")]);
  return made;
}

describe.skipIf(problem !== null)(
  `planned routes in a kernel${problem ? `: ${problem}` : ""}`,
  () => {
    test.each(["orders", "commands"])(
      "are taken, kept and removed by %s",
      (way) => {
        const inside = setUp();
        const before = stateOf(inside);
        const reports: StepReport[] = JSON.parse(inside.exec([process.execPath, SCRIPT, way]));
        expect(
          reports.flatMap(({ step, refused }) => refused.map((one) => `${step}: ${one}`)),
        ).toEqual([]);
        expect(reports.flatMap(({ step, left }) => left.map((one) => `${step}: ${one}`))).toEqual(
          [],
        );
        // 36 rules and 14 routes; a switch is one replace and two standby metrics in each family.
        expect(Object.fromEntries(reports.map(({ step, written }) => [step, written]))).toEqual({
          settings: 3,
          install: 50,
          switch: 6,
          tunnel: 6,
          "after flush": 42,
          uninstall: 50,
          restore: 3,
        });
        // The flush took the foreign rules and those of the system with ours.
        const after = stateOf(inside);
        const isRule = (line: string) => /^\d+:/.test(line);
        expect(after.filter((line) => !isRule(line))).toEqual(
          before.filter((line) => !isRule(line)),
        );
        expect(after.filter(isRule)).toEqual(before.filter((line) => line.startsWith("0:")));
      },
      30_000,
    );
  },
);
