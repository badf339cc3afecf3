import { describe, expect, test } from "bun:test";
import { readPaths } from "../../../agent/config/paths.ts";
import { createReport, formatProblem } from "../../../agent/config/problem.ts";
import { rootOf } from "../../support/config-text.ts";

function read(targets: string, path = "") {
  const report = createReport();
  const [only] = readPaths(rootOf(`paths: [{ id: a, targets: ${targets}, ${path} }]`, report));
  return { targets: only?.targets ?? [], problems: report.problems.map(formatProblem) };
}

describe("readTargets()", () => {
  test("takes a host alone and a host with its own probe over that of the path", () => {
    const { targets, problems } = read(
      "[192.0.2.1, { host: 192.0.2.2, probe: { type: udp, port: 9 } }]",
      "probe: { dscp: 46, size: 64 }",
    );
    expect(problems).toEqual([]);
    expect(targets.map(({ probe }) => [probe.type, probe.port, probe.dscp, probe.size])).toEqual([
      ["icmp", 0, 46, 64],
      ["udp", 9, 46, 64],
    ]);
  });

  test("does not pass the port of udp on to a target of icmp", () => {
    const { targets, problems } = read(
      "[192.0.2.1, { host: 192.0.2.1, probe: { type: icmp } }]",
      "probe: { type: udp, port: 9, accept_unreachable: true }",
    );
    expect(problems).toEqual([]);
    expect(targets.map(({ probe }) => [probe.port, probe.accept_unreachable])).toEqual([
      [9, true],
      [0, false],
    ]);
  });

  test("a STAMP probe is as large as its packet, with a key larger", () => {
    const { targets, problems } = read(
      "[192.0.2.1, { host: 192.0.2.2, probe: { key_file: /etc/key } }, " +
        "{ host: 192.0.2.3, probe: { type: udp } }, " +
        "{ host: 192.0.2.4, probe: { size: 200, key_file: ~ } }]",
      "probe: { type: stamp }",
    );
    expect(problems).toEqual([]);
    expect(targets.map(({ probe }) => [probe.type, probe.size, probe.key_file])).toEqual([
      ["stamp", 44, null],
      ["stamp", 112, "/etc/key"],
      ["udp", 16, null],
      ["stamp", 200, null],
    ]);
  });

  const accepted = [
    "192.0.2.1",
    "2001:db8::1",
    "fe80::1%eth0",
    "fe80::1%7",
    "resolver.example.net",
    "localhost",
    "_stun.example.net.",
    "xn--bcher-kva.example",
    "127.0.0.1",
    "::1",
  ];
  test.each(accepted)("takes %s", (host) => {
    expect(read(`["${host}"]`).problems).toEqual([]);
  });

  const refused = [
    "192.0.2",
    "192.0.2.1/24",
    "192.0.2.1:80",
    "fe80::1",
    "::",
    "2001:db8::1%eth0",
    "a..b",
    "-a.example",
    "bücher.example",
    `${"a".repeat(64)}.example`,
    Array(64).fill("abc").join("."),
    "",
  ];
  test.each(refused)("refuses %s", (host) => {
    expect(read(`["${host}"]`).problems).toHaveLength(1);
  });

  test("takes a link-local address without zone where the path has an interface", () => {
    expect(read('["fe80::1"]', "interface: eth0").problems).toEqual([]);
  });

  test("takes one host by two types and refuses the same probe twice", () => {
    const udp = "{ host: 192.0.2.1, probe: { type: udp } }";
    expect(read(`[192.0.2.1, ${udp}]`).problems).toEqual([]);
    expect(read(`[192.0.2.1, ${udp}, ${udp}]`).problems).toEqual([
      "test.yaml:1: paths[0].targets[2]: given twice: the same as paths[0].targets[1]",
    ]);
  });

  test.each([
    { count: 64, problems: 0 },
    { count: 65, problems: 1 },
  ])("$count targets give $problems problems", ({ count, problems }) => {
    const list = Array.from({ length: count }, (_, i) => `192.0.2.${i}`).join(", ");
    expect(read(`[${list}]`).problems).toHaveLength(problems);
  });
});
