/** The allow-list at the edges of its prefixes. */

import { describe, expect, test } from "bun:test";
import { parsePrefix } from "../../../../agent/domain/prefix.ts";
import { AllowList } from "../../../../agent/worker/reflector/allow-list.ts";
import { familyOf, sockaddrWords } from "../../../support/sockaddr-words.ts";

function admits(prefixes: readonly string[], host: string): boolean {
  const list = new AllowList(prefixes.flatMap((text) => parsePrefix(text) ?? []));
  return list.admits(sockaddrWords(host), 0, familyOf(host));
}

const rows = [
  { allow: ["10.0.0.0/8"], host: "10.255.255.255", want: true },
  { allow: ["10.0.0.0/8"], host: "11.0.0.0", want: false },
  { allow: ["10.0.0.0/8"], host: "9.255.255.255", want: false },
  { allow: ["10.1.2.3/8"], host: "10.9.9.9", want: true },
  { allow: ["192.0.2.128/25"], host: "192.0.2.128", want: true },
  { allow: ["192.0.2.128/25"], host: "192.0.2.127", want: false },
  { allow: ["192.0.2.7"], host: "192.0.2.7", want: true },
  { allow: ["192.0.2.7"], host: "192.0.2.6", want: false },
  { allow: ["0.0.0.0/0"], host: "203.0.113.9", want: true },
  { allow: ["0.0.0.0/0"], host: "2001:db8::1", want: false },
  { allow: ["fd00::/8"], host: "fdff:1::1", want: true },
  { allow: ["fd00::/8"], host: "fe00::1", want: false },
  { allow: ["2001:db8:0:8000::/49"], host: "2001:db8:0:ffff::1", want: true },
  { allow: ["2001:db8:0:8000::/49"], host: "2001:db8:0:7fff::1", want: false },
  { allow: ["2001:db8::1"], host: "2001:db8::1", want: true },
  { allow: ["2001:db8::1"], host: "2001:db8::3", want: false },
  { allow: ["10.0.0.0/8", "fd00::/8"], host: "fd00::1", want: true },
  { allow: ["fd00::/8", "192.0.2.0/24", "10.0.0.0/8"], host: "10.0.0.1", want: true },
] as const;

describe("AllowList", () => {
  test.each(rows)("of $allow says $want to $host", ({ allow, host, want }) => {
    expect(admits(allow, host)).toBe(want);
  });

  test("without a prefix admits everybody", () => {
    expect(admits([], "203.0.113.9")).toBe(true);
    expect(admits([], "2001:db8::1")).toBe(true);
  });

  test("reads the source wherever in memory it lies", () => {
    const words = new Int32Array(24);
    words.set(sockaddrWords("10.0.0.1"), 8);
    const list = new AllowList(["10.0.0.0/8"].flatMap((text) => parsePrefix(text) ?? []));
    expect(list.admits(words, 8, 4)).toBe(true);
    expect(list.admits(words, 0, 4)).toBe(false);
  });
});
