import { describe, expect, test } from "bun:test";
import {
  childEnvironment,
  cleanEnvironment,
  loadOf,
  readerEnvironment,
} from "../../../agent/supervisor/environment.ts";
import { agentConfig, pathConfig } from "../../support/configs.ts";

const HOSTILE = {
  PATH: "/usr/bin",
  BUN_OPTIONS: "--preload=/tmp/evil.ts",
  BUN_BE_BUN: "1",
  NODE_OPTIONS: "--require=/tmp/evil.js",
  LD_PRELOAD: "/tmp/evil.so",
  NOTIFY_SOCKET: "/run/systemd/notify",
  WATCHDOG_USEC: "30000000",
  SECRET: "x",
};

describe("the environment of our processes", () => {
  test("nothing that runs foreign code reaches any of them", () => {
    for (const environment of [cleanEnvironment(HOSTILE), childEnvironment(HOSTILE, "busy")]) {
      const names = Object.keys(environment);
      const foreign = names.filter((name) => /^(LD_|NODE_|SECRET|BUN_(OPTIONS|BE_BUN))/.test(name));
      expect(foreign).toEqual([]);
      expect(environment["PATH"]).toBe("/usr/bin");
    }
  });

  test("the process that reads the configuration again sees what it may refer to", () => {
    const environment = readerEnvironment({ ...HOSTILE, PATRONUS_CONFIG: "/etc/x.yaml" });
    expect(environment).toMatchObject({ SECRET: "x", PATRONUS_CONFIG: "/etc/x.yaml" });
    const foreign = Object.keys(environment).filter(
      (name) => name in HOSTILE && /^(BUN|NODE|LD)_/.test(name),
    );
    expect(foreign).toEqual([]);
  });

  test("only the supervisor speaks to the service manager", () => {
    expect(cleanEnvironment(HOSTILE)["NOTIFY_SOCKET"]).toBe("/run/systemd/notify");
    expect(childEnvironment(HOSTILE, "quiet")["NOTIFY_SOCKET"]).toBeUndefined();
    expect(childEnvironment(HOSTILE, "quiet")["WATCHDOG_USEC"]).toBeUndefined();
  });

  test("a busy child may compile, a quiet one interprets", () => {
    expect(childEnvironment({}, "quiet")["BUN_JSC_useBaselineJIT"]).toBe("0");
    expect(childEnvironment({}, "busy")["BUN_JSC_useBaselineJIT"]).toBeUndefined();
    expect(childEnvironment({}, "quiet")["BUN_JSC_useJIT"]).toBeUndefined(); // FFI needs it
  });
});

describe("loadOf()", () => {
  const rows = [
    { paths: 1, perSecond: 100, want: "quiet" },
    { paths: 1, perSecond: 101, want: "busy" },
    { paths: 50, perSecond: 1, want: "quiet" },
    { paths: 51, perSecond: 1, want: "busy" },
  ] as const;
  test.each(rows)("$paths paths of $perSecond probes/s are $want", ({ paths, perSecond, want }) => {
    const base = pathConfig("a", ["192.0.2.1"]);
    const health = { ...base.health, check_interval_secs: 1, probes_per_check: perSecond };
    const config = agentConfig(Array.from({ length: paths }, () => ({ ...base, health })));
    expect(loadOf(config)).toBe(want);
  });
});
