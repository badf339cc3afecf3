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

  test("refuses a core with its columns in another order, naming both", () => {
    const bytes = coreBytes();
    const text = Buffer.from(bytes.buffer);
    const at = text.indexOf(Buffer.from("p50 p95", "utf16le"));
    expect(at).toBeGreaterThan(0);
    text.write("p95 p50", at, "utf16le");
    expect(() => openCore(bytes)).toThrow(/columns of a series are "score .* p95 p50 .*", want "/);
  });

  test("refuses a core with another shape, naming both", () => {
    const bytes = coreBytes();
    // i32.const 1023, the records of a batch: LEB128 ff 07.
    const at = Buffer.from(bytes.buffer).indexOf(Buffer.from([0x41, 0xff, 0x07]));
    expect(at).toBeGreaterThan(0);
    bytes[at + 1] = 0xfe;
    expect(() => openCore(bytes)).toThrow("records of a batch are 1022, want 1023");
  });

  test.each([0, 7, 100])("refuses the first %d octets of the core", (length) => {
    const part = coreBytes().slice(0, length);
    expect(() => openCore(part)).toThrow(`cannot use the core: ${length} octets are not a module`);
  });

  test("refuses a module that is not the core", () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(() => openCore(empty)).toThrow("an export is missing");
  });
});
