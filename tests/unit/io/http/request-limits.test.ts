import { describe, expect, test } from "bun:test";
import {
  FAILURE_RATE,
  REQUEST_RATE,
  RequestLimits,
} from "../../../../agent/io/http/request-limits.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

function setting() {
  const clock = new FakeClock();
  const limits = new RequestLimits(clock);
  const admitted = (client: string, times: number, isClaiming = false) =>
    Array.from({ length: times }, () => limits.admit(client, isClaiming)).filter(Boolean).length;
  return { clock, limits, admitted };
}

describe("RequestLimits", () => {
  test("admits a burst, then so many a second, of each client by itself", () => {
    const { clock, admitted } = setting();
    expect(admitted("192.0.2.1", 1_000)).toBe(REQUEST_RATE.burst);
    expect(admitted("192.0.2.2", 1)).toBe(1);
    clock.advance(1_000);
    expect(admitted("192.0.2.1", 1_000)).toBe(REQUEST_RATE.perSecond);
  });

  test("refuses a guesser whatever it sends next, and nobody else", () => {
    const { clock, limits, admitted } = setting();
    for (let i = 0; i < FAILURE_RATE.burst; i++) {
      expect(limits.admit("192.0.2.1", true)).toBe(true);
      limits.noteFailure("192.0.2.1");
    }
    expect(admitted("192.0.2.1", 5, true)).toBe(0);
    expect(admitted("192.0.2.1", 1, false)).toBe(1);
    expect(admitted("192.0.2.2", 1, true)).toBe(1);
    clock.advance(2_000);
    expect(admitted("192.0.2.1", 1, true)).toBe(1);
  });

  test("lets nobody guess faster by many addresses", () => {
    const { limits } = setting();
    let guesses = 0;
    for (let i = 0; i < 5_000; i++) {
      const client = `10.0.${i >> 8}.${i & 255}`;
      if (!limits.admit(client, true)) continue;
      guesses++;
      limits.noteFailure(client);
    }
    expect(guesses).toBe(100);
    expect(limits.size).toBeLessThanOrEqual(1_024);
  });

  test("counts IPv6 clients by /64 and mapped ones by their IPv4 address", () => {
    const { admitted } = setting();
    expect(admitted("2001:db8::1", 1_000)).toBe(REQUEST_RATE.burst);
    expect(admitted("2001:db8::2", 1)).toBe(0);
    expect(admitted("2001:db8:0:1::1", 1)).toBe(1);
    expect(admitted("::ffff:192.0.2.1", 1_000)).toBe(REQUEST_RATE.burst);
    expect(admitted("::ffff:192.0.2.2", 1)).toBe(1);
  });
});
