/**
 * The known word that somebody probably meant: a beginning of it (latency for latency_ms), or a few
 * slips of the finger away.
 */

const EDITS_MAX = 2;
const BEGINNING_MIN = 3;
const WORD_MAX = 40;

export function closest(word: string, known: readonly string[]): string | null {
  if (word.length > WORD_MAX) return null;
  const begun = known.filter((one) => word.length >= BEGINNING_MIN && one.startsWith(word));
  if (begun.length === 1) return begun[0] ?? null;
  const limit = Math.min(EDITS_MAX, Math.ceil(word.length / 4));
  let best: string | null = null;
  let bestEdits = limit + 1;
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate);
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const edits = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isSwap ? Math.min(edits, (before[j - 2] ?? 0) + 1) : edits);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}
