/**
 * The constant octets of an exposition: names, and per path its escaped labels. Built when the
 * probe table changes, so that a scrape escapes nothing. Per path, one after the other:
 *
 *     {path_id="x"   ,path_name="y"   }␣   ,interface="..",target="..",probe=".."} 1⏎
 */

import type { PathLabels } from "../view.ts";

/** Offsets of one piece. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Marks of a path: start, end of the id, end of the name, end of the brace. */
const MARKS = 4;
const CLOSE = "} ";

/** Collects texts; their octets are made at once, which is ten times cheaper than one by one. */
export class LabelArena {
  #text = "";
  #length = 0;
  readonly #marks: Int32Array;
  readonly #pathCount: number;
  /** Octets of the longest labels of a path, all of them. */
  longest = 0;

  constructor(pathCount: number) {
    this.#pathCount = pathCount;
    this.#marks = new Int32Array((pathCount + 1) * MARKS);
  }

  add(text: string): Piece {
    const start = this.#length;
    this.#text += text;
    this.#length += Buffer.byteLength(text);
    return { start, end: this.#length };
  }

  addPath(row: number, path: PathLabels): void {
    const mark = row * MARKS;
    const marks = this.#marks;
    marks[mark] = this.#length;
    marks[mark + 1] = this.add(`{path_id="${escapeLabel(path.id)}"`).end;
    marks[mark + 2] = this.add(`,path_name="${escapeLabel(path.name)}"`).end;
    marks[mark + 3] = this.add(CLOSE).end;
    marks[mark + MARKS] = this.add(infoTail(path)).end;
    this.longest = Math.max(this.longest, this.#length - (marks[mark] ?? 0));
  }

  /** Valid UTF-8: half pairs become U+FFFD, of three octets like each of them. */
  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#text);
  }

  get pathCount(): number {
    return this.#pathCount;
  }

  start(row: number): number {
    return this.#marks[row * MARKS] ?? 0;
  }

  idEnd(row: number): number {
    return this.#marks[row * MARKS + 1] ?? 0;
  }

  nameEnd(row: number): number {
    return this.#marks[row * MARKS + 2] ?? 0;
  }

  closeEnd(row: number): number {
    return this.#marks[row * MARKS + 3] ?? 0;
  }

  infoEnd(row: number): number {
    return this.#marks[(row + 1) * MARKS] ?? 0;
  }
}

function infoTail({ interface: device, targets, probes }: PathLabels): string {
  const target = escapeLabel(targets.length === 1 ? (targets[0] ?? "") : targets.join(","));
  const probe = probes.length === 1 ? (probes[0] ?? "") : [...new Set(probes)].join(",");
  return `,interface="${escapeLabel(device ?? "")}",target="${target}",probe="${probe}"} 1\n`;
}

const SPECIAL = /[\\"\n]/;

/** Label values in both formats: backslash, double quote and line feed. */
export function escapeLabel(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
