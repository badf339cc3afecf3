import { expect, test } from "bun:test";
import { describeNote } from "../../../agent/routing/note.ts";

test("describeNote() says what to do about it", () => {
  expect([
    describeNote({ kind: "shared-address", path: "a", other: "b", address: "10.0.0.2" }),
    describeNote({ kind: "interface-missing", path: "a", device: "wan0" }),
    describeNote({ kind: "no-gateway", path: "a", family: 6 }),
    describeNote({ kind: "ipv6-not-routed", policy: 3 }),
    describeNote({ kind: "place-taken", table: 158, family: 4 }),
  ]).toEqual([
    'move 10.0.0.2: it is on the devices of "a" and "b"',
    'cannot route by "a": want the device wan0',
    'cannot route IPv6 by "a": want a default route or gateway',
    "policy 3 only reports on IPv6: want ipv6: nat, or from in its selectors",
    "remove the foreign default route from table 158 (IPv4)",
  ]);
});
