/** A tar archive (POSIX ustar) of small files in memory. */

export interface TarEntry {
  /** ASCII, at most 100 octets, without a leading slash. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/** `mtime`: Unix seconds of every entry. Throws on a name that does not fit: a bug. */
export function tarOf(entries: readonly TarEntry[], mtime: number): Uint8Array {
  const sizes = entries.map(({ bytes }) => BLOCK + padded(bytes.byteLength));
  const archive = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0) + 2 * BLOCK);
  let at = 0;
  for (const [i, entry] of entries.entries()) {
    archive.set(headerOf(entry, mtime), at);
    archive.set(entry.bytes, at + BLOCK);
    at += sizes[i] ?? 0;
  }
  return archive;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function headerOf({ name, bytes }: TarEntry, mtime: number): Uint8Array {
  if (!/^[!-~]{1,100}$/.test(name) || name.startsWith("/")) throw new Error(`bad name ${name}`);
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, "0000600\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${octal(bytes.byteLength, 11)}\0`);
  put(136, `${octal(Math.max(0, Math.floor(mtime)), 11)}\0`);
  put(148, " ".repeat(8)); // the sum is made with blanks in its own place
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = header.reduce((total, octet) => total + octet, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
