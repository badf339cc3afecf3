import { describe, expect, test } from "bun:test";
import { eventOf } from "../../../../agent/worker/netlink/events.ts";
import { routeMessage } from "../../../support/fake-requests.ts";
import { bytesOf, routeOf } from "../../../support/kernel-values.ts";
import { golden } from "../../../support/netlink-golden.ts";

const MAIN = [254];

describe("eventOf()", () => {
  test("a link event names its link", () => {
    expect(eventOf(golden("link-veth"), MAIN)).toMatchObject({
      kind: "link",
      link: { name: "wan0" },
    });
  });

  test.each(["address4", "address6", "rule4-main", "netconf-all", "route4-dhcp", "route4-ours"])(
    "%s is worth a re-read",
    (name) => {
      expect(eventOf(golden(name), MAIN)).toEqual({ kind: "other" });
    },
  );

  const wide = { protocol: 186, dst: bytesOf(128, 0, 0, 0), dstLen: 1 };
  const narrow = { protocol: 186, dst: bytesOf(10, 50, 0, 0), dstLen: 16 };
  test.each([
    ["half of a default in main, which would shadow us", { ...wide, table: 254 }, true],
    ["a narrower route in main", { ...narrow, table: 254 }, false],
    ["a narrower route that someone put into a table of ours", { ...narrow, table: 158 }, true],
    ["a default in a table that is nobody's business", { protocol: 3, table: 100 }, false],
  ])("%s", (_, fields, isWorth) => {
    expect(eventOf(routeMessage(routeOf(fields)), MAIN) !== null).toBe(isWorth);
  });

  test("neighbours and what else there is are left out", () => {
    const body = new Uint8Array(12);
    for (const type of [2, 3, 28, 104, 999]) {
      expect(eventOf({ type, flags: 0, sequence: 0, body }, MAIN)).toBeNull();
    }
  });
});
