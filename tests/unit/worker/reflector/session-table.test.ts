/** Sessions of the stateful reflector: identity, idle end, and a bound that holds. */

import { describe, expect, test } from "bun:test";
import {
  SESSION_IDLE_US,
  SESSIONS_MAX,
  SessionTable,
} from "../../../../agent/worker/reflector/session-table.ts";
import { familyOf, sockaddrWords } from "../../../support/sockaddr-words.ts";

interface Who {
  readonly host?: string;
  readonly port?: number;
  readonly ssid?: number;
}

function next(table: SessionTable, who: Who, nowUs = 0): number {
  const { host = "192.0.2.1", port = 40_000, ssid = 0 } = who;
  return table.next(
    { words: sockaddrWords(host, port), at: 0, family: familyOf(host), ssid },
    nowUs,
  );
}

describe("SessionTable", () => {
  test("counts each session from 0", () => {
    const table = new SessionTable(1);
    expect([next(table, {}), next(table, {}), next(table, {})]).toEqual([0, 1, 2]);
  });

  test.each([
    { port: 40_001 },
    { ssid: 1 },
    { ssid: 0xffff },
    { host: "192.0.2.2" },
    { host: "2001:db8::1" },
  ] as const)("takes %p for another session", (other) => {
    const table = new SessionTable(1);
    next(table, {});
    expect(next(table, other)).toBe(0);
    expect(next(table, {})).toBe(1);
    expect(next(table, other)).toBe(1);
  });

  test("tells IPv6 sources apart by all of their octets", () => {
    const table = new SessionTable(1);
    next(table, { host: "2001:db8::1" });
    expect(next(table, { host: "2001:db8::2" })).toBe(0);
    expect(next(table, { host: "2001:db8::1" })).toBe(1);
  });

  test("begins anew after the idle time, not at it", () => {
    const table = new SessionTable(1);
    next(table, {}, 0);
    expect(next(table, {}, SESSION_IDLE_US)).toBe(1);
    expect(next(table, {}, 2 * SESSION_IDLE_US + 1)).toBe(0);
    expect(next(table, {}, 2 * SESSION_IDLE_US + 2)).toBe(1);
  });

  test("forgets the least recently used when a flood fills it, keeps the one in use", () => {
    const table = new SessionTable(1);
    next(table, { port: 1 });
    next(table, { port: 2 });
    let count = 0;
    for (let i = 0; i < 8 * SESSIONS_MAX; i++) {
      const host = `10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}`;
      next(table, { host }, i + 1);
      if (i % 64 === 0) count = next(table, { port: 1 }, i + 1);
    }
    expect(count).toBe((8 * SESSIONS_MAX) / 64);
    expect(next(table, { port: 2 }, 9 * SESSIONS_MAX)).toBe(0);
  });
});
