/** What the module asks of the machine it runs on. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openCore } from "../../agent/scoring/core-abi.ts";
import { WasmScorer } from "../../agent/scoring/wasm-scorer.ts";
import { coreBytes, feed, pathLayout } from "../support/core.ts";

const PAGE = 65_536;

describe("the module", () => {
  test("imports nothing", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(coreBytes()))).toEqual([]);
  });

  test("needs no SIMD, which the runtime has on x64 with AVX only", () => {
    coreBytes();
    const script = "new WebAssembly.Module(await Bun.file(process.argv[1]).bytes())";
    const core = join(import.meta.dir, "../../build/core.wasm");
    const child = Bun.spawnSync([process.execPath, "-e", script, core], {
      env: { ...process.env, BUN_JSC_useWasmSIMD: "0" },
      stderr: "pipe",
    });
    expect(child.stderr.toString()).toBe("");
    expect(child.exitCode).toBe(0);
  });

  test("holds 10 paths in two pages, and 10,000 in 28 MiB", () => {
    const core = openCore(coreBytes());
    expect(core.layOut(10, 10, 1, 10 * 50)).toBe(1);
    expect(core.memory.buffer.byteLength).toBeLessThanOrEqual(2 * PAGE);
    expect(core.layOut(10_000, 10_000, 1, 10_000 * 50)).toBe(1);
    expect(core.memory.buffer.byteLength).toBeLessThanOrEqual(28 * 2 ** 20);
  });

  test("uses no memory at run time: a million outcomes leave its size alone", () => {
    const core = openCore(coreBytes());
    const scorer = new WasmScorer(core);
    scorer.configure([pathLayout()]);
    const before = core.memory.buffer.byteLength;
    const batch = Array.from({ length: 1_000 }, (_, seq) => ({
      kind: "replied" as const,
      seq,
      rttUs: (seq * 7_919) % 100_003,
    }));
    for (let i = 0; i < 1_000; i++) feed(scorer, batch);
    expect(scorer.series.samples[0]).toBe(50);
    expect(core.memory.buffer.byteLength).toBe(before);
  });
});
