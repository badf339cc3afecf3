/**
 * A look at the main file from outside. SQLite keeps the pages it needs for writing in memory, so
 * a file that was cut or overwritten under a running agent would go unnoticed until somebody reads.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const MAGIC = "SQLite format 3\0";
/** Of the SQLite file format, section 1.3: u16 page size (1: 65,536), u32 size in pages. */
const PAGE_SIZE_AT = 16;
const PAGES_AT = 28;
const HEADER_BYTES = 100;

/**
 * What is wrong with the file, in words; null: nothing, or it cannot be read. Only while no
 * checkpoint runs: in its midst the header may promise pages that are still to come.
 */
export function fileDamage(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const octets = readSync(fd, header, 0, HEADER_BYTES, 0);
    return damageOf(header.subarray(0, octets), fstatSync(fd).size);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function damageOf(header: Buffer, size: number): string | null {
  // A new file whose pages are all in the WAL.
  if (size === 0) return null;
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    return "the file was overwritten";
  }
  const pageSize = header.readUInt16BE(PAGE_SIZE_AT);
  const wanted = header.readUInt32BE(PAGES_AT) * (pageSize === 1 ? 65_536 : pageSize);
  return size < wanted ? `the file was cut from ${wanted} to ${size} octets` : null;
}
