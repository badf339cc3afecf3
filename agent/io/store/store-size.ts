/** How large the history is on disk, by `stat`: the file may not be opened beside SQLite. */

import { statSync } from "node:fs";
import type { StoreSize } from "../../controller/ports.ts";

export function storeSize(path: string): StoreSize {
  return { octets: octetsOf(path), wal_octets: octetsOf(`${path}-wal`) };
}

/** null: there is no such file, or nothing can be said of it. */
function octetsOf(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? null;
  } catch {
    // A disk that fails to answer is told by the store's state.
    return null;
  }
}
