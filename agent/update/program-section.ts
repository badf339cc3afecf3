/**
 * Where the program lies in a compiled file: the ELF section `.bun`. Only who makes a delta asks,
 * for the dictionary; a file without it just gives larger deltas.
 */

import type { RandomFile } from "./delta-apply.ts";
import { DICTIONARY_MAX } from "./delta-format.ts";

export interface Range {
  readonly offset: number;
  readonly length: number;
}

const NONE: Range = { offset: 0, length: 0 };
const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SECTIONS_MAX = 256;
const NAMES_MAX = 65_536;
/** "\x7fELF", 64 bit, little endian. */
const IDENT = Uint8Array.fromHex("7f454c460201");

/** Length 0: there is none. */
export function programSection(file: RandomFile): Range {
  try {
    return findSection(file, ".bun");
  } catch {
    return NONE;
  }
}

function findSection(file: RandomFile, wanted: string): Range {
  const header = viewAt(file, 0, HEADER_SIZE);
  const ident = new Uint8Array(header.buffer, 0, IDENT.byteLength);
  if (Buffer.compare(ident, IDENT) !== 0) return NONE;
  const [count, names] = [header.getUint16(60, true), header.getUint16(62, true)];
  if (count > SECTIONS_MAX || header.getUint16(58, true) !== SECTION_SIZE) return NONE;
  const table = viewAt(file, Number(header.getBigUint64(40, true)), count * SECTION_SIZE);
  const rangeOf = (index: number): Range => ({
    offset: Number(table.getBigUint64(index * SECTION_SIZE + 24, true)),
    length: Number(table.getBigUint64(index * SECTION_SIZE + 32, true)),
  });
  const { offset, length } = rangeOf(names);
  const text = viewAt(file, offset, Math.min(length, NAMES_MAX));
  const bytes = Buffer.from(text.buffer);
  const found = Array.from({ length: count }, (_, i) => i).find((i) => {
    const at = table.getUint32(i * SECTION_SIZE, true);
    return bytes.toString("latin1", at, bytes.indexOf(0, at)) === wanted;
  });
  if (found === undefined) return NONE;
  const range = rangeOf(found);
  if (range.offset + range.length > file.size) return NONE;
  return { offset: range.offset, length: Math.min(range.length, DICTIONARY_MAX) };
}

function viewAt(file: RandomFile, offset: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  file.read(bytes, offset);
  return new DataView(bytes.buffer);
}
