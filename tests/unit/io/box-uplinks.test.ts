import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kindOf, parseRoutes4, parseRoutes6 } from "../../../agent/io/box-uplinks.ts";

const HEAD =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const row4 = (text: string) => text.split(" ").join("\t");

describe("parseRoutes4()", () => {
  test("takes default routes that are up, the best of each device", () => {
    const text =
      HEAD +
      [
        row4("eth0 00000000 014EA8C0 0003 0 0 200 00000000 0 0 0"),
        row4("eth0 00000000 024EA8C0 0003 0 0 100 00000000 0 0 0"),
        row4("ppp0 00000000 00000000 0001 0 0 50 00000000 0 0 0"),
        row4("eth1 0000A8C0 00000000 0001 0 0 0 0000FFFF 0 0 0"),
        row4("* 00000000 00000000 0201 0 0 0 00000000 0 0 0"),
      ].join("\n");
    expect([...parseRoutes4(text)]).toEqual([
      ["eth0", { gateway: "192.168.78.2", metric: 100 }],
      ["ppp0", { gateway: null, metric: 50 }],
    ]);
  });

  test("of nothing is nothing", () => expect(parseRoutes4("").size).toBe(0));
});

describe("parseRoutes6()", () => {
  const zero = "0".repeat(32);
  const row6 = (via: string, metric: string, flags: string, device: string) =>
    `${zero} 00 ${zero} 00 ${via} ${metric} 00000001 00000000 ${flags} ${device}`;
  test("takes default routes, and not the one that refuses", () => {
    const text = [
      row6("fe800000000000000000000000000001", "00000400", "00000003", "eth0"),
      row6(zero, "00000064", "00000001", "wg0"),
      row6(zero, "ffffffff", "00200200", "lo"),
      "fd780001000000000000000000000000 40 00 00 00 00000100 1 0 00000001 eth1",
    ].join("\n");
    expect([...parseRoutes6(text)]).toEqual([
      ["eth0", { gateway: "fe80::1", metric: 1_024 }],
      ["wg0", { gateway: null, metric: 100 }],
    ]);
  });
});

describe("kindOf()", () => {
  const root = mkdtempSync(join(tmpdir(), "patronus-sys-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const rows = [
    ["eth0", "DEVTYPE=\n", "1", "ethernet"],
    ["wlan0", "DEVTYPE=wlan\n", "1", "wireless"],
    ["ppp0", "", "512", "ppp"],
    ["wwan0", "", "65534", "wwan"],
    ["cdc0", "DEVTYPE=wwan\n", "1", "wwan"],
    ["wg0", "DEVTYPE=wireguard\n", "65534", "tunnel"],
  ] as const;
  test.each(rows)("tells %s", (device, uevent, type, kind) => {
    const folder = join(root, device);
    mkdirSync(folder);
    writeFileSync(join(folder, "uevent"), `INTERFACE=${device}\n${uevent}`);
    writeFileSync(join(folder, "type"), `${type}\n`);
    expect(kindOf(device, folder)).toBe(kind);
  });

  test("takes a device without attributes for ethernet", () => {
    expect(kindOf("x0", join(root, "none"))).toBe("ethernet");
  });
});
