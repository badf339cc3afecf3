/**
 * The constant octets of an exposition: names, and per path its escaped labels. Built when the
 * probe table changes, so that a scrape escapes nothing. Per path, one after the other:
 *
 *     path_id="x"   ,path_name="y"   }␣   ,interface="..",target="..",probe=".."}␣
 */

import type { PathLabels } from "../view.ts";

/** Offsets of one piece. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Marks of a path, by its row * MARKS. The labels of the next path begin at `infoEnd`. */
export const MARKS = 4;
export const MARK = { start: 0, idEnd: 1, nameEnd: 2, closeEnd: 3, infoEnd: 4 } as const;
const CLOSE = "} ";

/** Collects texts; their octets are made at once, which is ten times cheaper than one by one. */
export class LabelArena {
  #text = "";
  #length = 0;
  readonly marks: Int32Array;
  /** Octets of the longest labels of a path, all of them. */
  longest = 0;

  constructor(pathCount: number) {
    this.marks = new Int32Array((pathCount + 1) * MARKS);
  }

  add(text: string): Piece {
    const start = this.#length;
    this.#text += text;
    this.#length += Buffer.byteLength(text);
    return { start, end: this.#length };
  }

  addPath(row: number, path: PathLabels): void {
    const at = row * MARKS;
    const { marks } = this;
    const start = this.#length;
    marks[at + MARK.start] = start;
    marks[at + MARK.idEnd] = this.add(`path_id="${escapeLabel(path.id)}"`).end;
    marks[at + MARK.nameEnd] = this.add(`,path_name="${escapeLabel(path.name)}"`).end;
    marks[at + MARK.closeEnd] = this.add(CLOSE).end;
    marks[at + MARK.infoEnd] = this.add(infoTail(path)).end;
    this.longest = Math.max(this.longest, this.#length - start);
  }

  /** Valid UTF-8: half pairs become U+FFFD, of three octets like each of them. */
  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#text);
  }
}

function infoTail({ interface: device, targets, probes }: PathLabels): string {
  const target = escapeLabel(targets.length === 1 ? (targets[0] ?? "") : targets.join(","));
  const probe = probes.length === 1 ? (probes[0] ?? "") : [...new Set(probes)].join(",");
  return `,interface="${escapeLabel(device ?? "")}",target="${target}",probe="${probe}"${CLOSE}`;
}

const SPECIAL = /[\\"\n]/;

/** Label values in both formats: backslash, double quote and line feed. */
export function escapeLabel(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
