/**
 * The Internet checksum (RFC 1071) over 16-bit halves in the machine's own byte order: the one's
 * complement sum commutes with a byte swap, so the result only has to be stored in the same order
 * it was summed in. An odd last octet is padded with a zero behind it.
 */

/** The unfolded sum of `octets` octets from `at` (even), fit for at most 64 KiB. */
export function sumOctets(
  bytes: Uint8Array,
  halves: Uint16Array,
  at: number,
  octets: number,
): number {
  let sum = 0;
  const from = at >>> 1;
  const to = from + (octets >>> 1);
  for (let i = from; i < to; i++) sum += halves[i] ?? 0;
  return (octets & 1) === 0 ? sum : sum + (bytes[at + octets - 1] ?? 0);
}

/** The carries added back in: 16 bits. */
export function foldSum(sum: number): number {
  const once = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return (once & 0xffff) + (once >>> 16);
}

/** The sum of the two halves of a 32-bit word. */
export function sumWord(word: number): number {
  return (word & 0xffff) + (word >>> 16);
}
