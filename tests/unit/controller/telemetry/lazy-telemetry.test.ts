import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { LazyTelemetry } from "../../../../agent/controller/telemetry/lazy-telemetry.ts";
import { agentConfig } from "../../../support/configs.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { telemetrySource } from "../../../support/telemetry.ts";

const ROOT = join(import.meta.dir, "../../../..");
const STATIC = /(?:^|\n)\s*(?:import|export)\s+(?!type\s)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/g;

/** What a module loads with it, by imports that are neither dynamic nor of types. */
function loadedBy(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  if (!entry.endsWith(".ts")) return seen;
  const text = readFileSync(join(ROOT, entry), "utf8");
  for (const [, specifier = ""] of text.matchAll(STATIC)) {
    const isLocal = specifier.startsWith(".");
    loadedBy(isLocal ? normalize(join(dirname(entry), specifier)) : specifier, seen);
  }
  return seen;
}

function telemetry() {
  const clock = new FakeClock();
  let isRttOpen = false;
  const lazy = new LazyTelemetry({
    ...{ clock, timers: clock, log: new FakeLog(), source: telemetrySource(1) },
    ...{ isClockSane: () => true, isClockTrusted: () => true },
    openRtt: () => {
      isRttOpen = true;
    },
  });
  return { lazy, isRttOpen: () => isRttOpen };
}

describe("LazyTelemetry", () => {
  test("without an endpoint there is no queue and nothing is counted", async () => {
    const { lazy, isRttOpen } = telemetry();
    await lazy.configure({ ...agentConfig([]), otlp: null });
    expect(lazy.queue).toBeNull();
    expect(lazy.state).toBeNull();
    expect(lazy.problems()).toEqual([]);
    expect(isRttOpen()).toBe(false);
    await lazy.stop();
  });

  test("the controller loads nothing of OpenTelemetry or of the queue with it", () => {
    const loaded = [...loadedBy("agent/controller/main.ts")];
    expect(loaded.length).toBeGreaterThan(50);
    const heavy = loaded.filter((path) =>
      /^@opentelemetry|^agent\/io\/telemetry|queue\/queue|^node:https?$/.test(path),
    );
    expect(heavy).toEqual([]);
  });
});
