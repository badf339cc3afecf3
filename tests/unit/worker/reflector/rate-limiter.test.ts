/** The token buckets: burst, refill, isolation, and no state that a flood could exhaust. */

import { describe, expect, test } from "bun:test";
import { BUCKETS, RateLimiter } from "../../../../agent/worker/reflector/rate-limiter.ts";
import { hashHost } from "../../../../agent/worker/reflector/source.ts";
import { familyOf, sockaddrWords } from "../../../support/sockaddr-words.ts";

const SECOND = 1_000_000;
const LIMITS = { rate: 100, burst: 50 };

function taken(limiter: RateLimiter, hash: number, tries: number, nowUs: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (limiter.takes(hash, nowUs)) count++;
  return count;
}

function hashOf(host: string, seed = 7): number {
  return hashHost(sockaddrWords(host), 0, familyOf(host), seed);
}

describe("RateLimiter", () => {
  test("lets a burst through and not one more", () => {
    expect(taken(new RateLimiter(LIMITS), 1, 60, 0)).toBe(50);
  });

  test("fills again at its rate, never beyond the burst", () => {
    const limiter = new RateLimiter(LIMITS);
    taken(limiter, 1, 60, 0);
    expect(limiter.takes(1, 9_999)).toBe(false);
    expect(limiter.takes(1, 10_000)).toBe(true);
    expect(limiter.takes(1, 10_001)).toBe(false);
    expect(taken(limiter, 1, 1_000, 3_600 * SECOND)).toBe(50);
  });

  test("tries that fail cost nothing: the long run is the rate", () => {
    const limiter = new RateLimiter(LIMITS);
    let count = 0;
    for (let us = 0; us < 10 * SECOND; us += 1_000) if (limiter.takes(1, us)) count++;
    expect(count).toBeGreaterThanOrEqual(1_048);
    expect(count).toBeLessThanOrEqual(1_050);
  });

  test("a rate below one a second still lets one packet through", () => {
    const limiter = new RateLimiter({ rate: 0.5, burst: 1 });
    expect(taken(limiter, 1, 5, 0)).toBe(1);
    expect(limiter.takes(1, 2 * SECOND - 1)).toBe(false);
    expect(limiter.takes(1, 2 * SECOND)).toBe(true);
  });

  test("sources in other buckets are not touched, any hash is a bucket", () => {
    const limiter = new RateLimiter(LIMITS);
    taken(limiter, 1, 60, 0);
    expect(limiter.takes(2, 0)).toBe(true);
    expect(limiter.takes(-1, 0)).toBe(true);
    expect(limiter.takes(1 + BUCKETS, 0)).toBe(false);
  });

  test("a flood of 100,000 sources leaves a known one its share", () => {
    const limiter = new RateLimiter(LIMITS);
    const own = hashOf("192.0.2.1");
    for (let i = 0; i < 100_000; i++)
      limiter.takes(hashOf(`10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}`), 0);
    // 24 strangers share a bucket on average, of 50 tokens.
    expect(limiter.takes(own, 0)).toBe(true);
  });
});

describe("hashHost()", () => {
  test("spreads neighbours over the buckets", () => {
    const buckets = new Set<number>();
    for (let i = 0; i < 256; i++) buckets.add(hashOf(`192.0.2.${i}`) & (BUCKETS - 1));
    expect(buckets.size).toBeGreaterThan(230);
  });

  test("takes an IPv6 /64 for one host, and the port for nothing", () => {
    expect(hashOf("2001:db8:1:2::1")).toBe(hashOf("2001:db8:1:2:ffff::9"));
    expect(hashOf("2001:db8:1:2::1")).not.toBe(hashOf("2001:db8:1:3::1"));
    const [a, b] = [sockaddrWords("192.0.2.1", 1), sockaddrWords("192.0.2.1", 2)];
    expect(hashHost(a, 0, 4, 7)).toBe(hashHost(b, 0, 4, 7));
  });

  test("depends on the seed", () => {
    expect(hashOf("192.0.2.1", 1)).not.toBe(hashOf("192.0.2.1", 2));
  });
});
