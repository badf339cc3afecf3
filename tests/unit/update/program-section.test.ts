import { expect, test } from "bun:test";
import { programSection } from "../../../agent/update/program-section.ts";
import { fileOf } from "../../support/update-delta.ts";

/** An ELF file of three sections: none, `.bun`, the names. */
function elf(name = ".bun\0", offset = 64): Buffer {
  const bytes = Buffer.alloc(64 + 100 + 32 + 3 * 64);
  bytes.write("7f454c460201", 0, "hex");
  bytes.writeBigUInt64LE(196n, 40); // section headers
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(3, 60);
  bytes.writeUInt16LE(2, 62);
  bytes.write(`\0${name}`, 164, "latin1");
  const section = (index: number, at: number, size: number, label: number) => {
    bytes.writeUInt32LE(label, 196 + index * 64);
    bytes.writeBigUInt64LE(BigInt(at), 196 + index * 64 + 24);
    bytes.writeBigUInt64LE(BigInt(size), 196 + index * 64 + 32);
  };
  section(1, offset, 100, 1);
  section(2, 164, 32, 0);
  return bytes;
}

test("programSection() finds the section of the program, and nothing in other files", () => {
  expect(programSection(fileOf(elf()))).toEqual({ offset: 64, length: 100 });
  const none = { offset: 0, length: 0 };
  expect(programSection(fileOf(elf(".data\0")))).toEqual(none);
  expect(programSection(fileOf(elf(".bun\0", 10_000)))).toEqual(none);
  expect(programSection(fileOf(elf().subarray(0, 200)))).toEqual(none);
  expect(programSection(fileOf(new TextEncoder().encode("#!/bin/sh\n")))).toEqual(none);
});
