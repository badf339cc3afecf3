/**
 * The small numbers that stand for paths in the keys of rollups. A number is given once and never
 * to another path. The cache must be forgotten whenever the file may not hold what it says: after
 * a rolled-back transaction and when another file takes its place.
 */

import type { Database } from "bun:sqlite";
import type { PathId } from "../../domain/ids.ts";

/** Keys have 16 bits for the number. */
export const PATH_NUMBERS_MAX = 65_536;

export class PathNumbers {
  readonly #known = new Map<PathId, number>();

  forget(): void {
    this.#known.clear();
  }

  /** null: never stored. */
  find(db: Database, path: PathId): number | null {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const sql = "SELECT path_no FROM path WHERE path_id = ?";
    const found = db.query<{ path_no: number }, [string]>(sql).get(path);
    if (found === null) return null;
    this.#known.set(path, found.path_no);
    return found.path_no;
  }

  /** null: all numbers are taken. */
  findOrGive(db: Database, path: PathId): number | null {
    const found = this.find(db, path);
    if (found !== null) return found;
    const sql = "SELECT coalesce(max(path_no) + 1, 0) AS next FROM path";
    const next = db.query<{ next: number }, []>(sql).get()?.next ?? 0;
    if (next >= PATH_NUMBERS_MAX) return null;
    db.query("INSERT INTO path (path_no, path_id) VALUES (?, ?)").run(next, path);
    this.#known.set(path, next);
    return next;
  }

  /** Every path of the file, for reading ranges of keys. */
  all(db: Database): Map<number, PathId> {
    const rows = db.query<{ path_no: number; path_id: PathId }, []>("SELECT * FROM path").all();
    return new Map(rows.map(({ path_no, path_id }) => [path_no, path_id]));
  }
}
