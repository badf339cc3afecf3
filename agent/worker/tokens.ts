/** Unpredictable 32-bit words from the system's generator, drawn in blocks: one call per 16,384. */

const WORDS = 16_384;

/** A source of random signed words. The first block is drawn at the first call. */
export function randomWords(): () => number {
  const block = new Int32Array(WORDS);
  let next = WORDS;
  return () => {
    if (next === WORDS) {
      crypto.getRandomValues(block);
      next = 0;
    }
    return block[next++] ?? 0;
  };
}
