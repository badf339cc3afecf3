import { describe, expect, test } from "bun:test";
import { micros, US_PER_S } from "../../../../agent/domain/units.ts";
import { Episode } from "../../../../agent/engine/failover/episode.ts";
import { seconds } from "../../../support/failover-steps.ts";

const CALM = micros(60 * US_PER_S);

function begun(hard: boolean): Episode {
  const episode = new Episode();
  expect(episode.begin(hard)).toBe(true);
  return episode;
}

describe("Episode", () => {
  test("rule 8: is told once", () => {
    const episode = begun(true);
    expect(episode.begin(true)).toBe(false);
    expect(episode.isOpen).toBe(true);
  });

  test("rule 8: of a dead path ends with the first usable one", () => {
    const episode = begun(true);
    expect(episode.settle(false, CALM, seconds(5))).toBe(false);
    expect(episode.settle(true, CALM, seconds(6))).toBe(true);
    expect(episode.begin(true)).toBe(true);
  });

  test("of a bad path ends after a time of calm", () => {
    const episode = begun(false);
    expect(episode.settle(true, CALM, seconds(10))).toBe(false);
    expect(episode.isOpen).toBe(false);
    expect(episode.settle(false, CALM, seconds(60))).toBe(false);
    expect(episode.settle(true, CALM, seconds(61))).toBe(false);
    expect(episode.settle(true, CALM, seconds(120.9))).toBe(false);
    expect(episode.begin(false)).toBe(false);
    episode.settle(true, CALM, seconds(200));
    expect(episode.settle(true, CALM, seconds(260))).toBe(true);
  });

  test("a bad path that dies makes it the episode of a dead path", () => {
    const episode = begun(false);
    expect(episode.begin(true)).toBe(false);
    expect(episode.settle(true, CALM, seconds(1))).toBe(true);
  });

  test("hard is forgotten with the episode", () => {
    const episode = begun(true);
    episode.end();
    episode.begin(false);
    expect(episode.settle(true, CALM, seconds(1))).toBe(false);
  });

  test("restore() goes on with what was told", () => {
    const episode = new Episode();
    episode.restore(begun(true).persisted());
    expect(episode.begin(true)).toBe(false);
  });

  test("settle() without an episode does nothing", () => {
    expect(new Episode().settle(true, CALM, seconds(1))).toBe(false);
  });
});
