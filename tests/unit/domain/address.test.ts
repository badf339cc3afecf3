import { describe, expect, test } from "bun:test";
import { formatAddress, isLoopback, parseAddress } from "../../../agent/domain/address.ts";

describe("parseAddress()", () => {
  const good = [
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8::0:1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ] as const;
  test.each(good)("reads %s", (text, want) => {
    const parsed = parseAddress(text);
    expect(parsed === null ? null : formatAddress(parsed)).toBe(want);
  });

  const bad = [
    ...["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4%eth0", "a.b.c.d", "0x7f.1"],
    ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1%", "g::1"],
    ...["1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::"],
  ];
  test.each(bad)("rejects %p", (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

test("isLoopback() knows 127.0.0.0/8 and ::1", () => {
  const loopback = (text: string) => {
    const parsed = parseAddress(text);
    return parsed !== null && isLoopback(parsed);
  };
  expect(["127.0.0.1", "127.9.9.9", "::1"].map(loopback)).toEqual([true, true, true]);
  expect(["128.0.0.1", "::2", "::"].map(loopback)).toEqual([false, false, false]);
});
