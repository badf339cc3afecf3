import { describe, expect, test } from "bun:test";
import { CORE_ABI, openCore } from "../../../agent/scoring/core-abi.ts";
import { coreBytes } from "../../support/core.ts";

/** The body of `abiVersion`: i32.const 1, end. Tampering with it must be noticed. */
function tampered(): Uint8Array<ArrayBuffer> {
  const module = new WebAssembly.Module(coreBytes());
  expect(WebAssembly.Module.exports(module).some(({ name }) => name === "abiVersion")).toBe(true);
  const bytes = coreBytes();
  const body = [0x04, 0x00, 0x41, CORE_ABI, 0x0b]; // size, no locals, i32.const, end
  const at = bytes.findIndex((_, i) => body.every((octet, j) => bytes[i + j] === octet));
  expect(at).toBeGreaterThan(0);
  bytes[at + 3] = CORE_ABI + 1;
  return bytes;
}

describe("openCore()", () => {
  test("accepts the core of this version", () => {
    expect(openCore(coreBytes()).abiVersion()).toBe(CORE_ABI);
  });

  test("refuses a core of another ABI version, naming both", () => {
    expect(() => openCore(tampered())).toThrow(`its ABI is ${CORE_ABI + 1}, this program wants`);
  });

  test("refuses a module that is not the core", () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(() => openCore(empty)).toThrow("an export is missing");
  });
});
