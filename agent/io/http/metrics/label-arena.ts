/**
 * The constant octets of an exposition: names of families, and per path its escaped labels and its
 * prepared lines. Built when the probe table changes, so that a scrape escapes nothing.
 *
 * Per path, one after the other: `{path_id="x"` | `,path_name="y"` | rest of the info line | the
 * lines of the state set, all 0.
 */

import { invariant } from "../../../domain/invariant.ts";
import type { PathLabels } from "../view.ts";
import { INFO_NAME, STATE_NAME, STATES } from "./families.ts";

/** Offsets of one piece. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Marks of a path: start, end of the id, end of the name, end of the info line. */
const MARKS = 4;
const ENCODER = new TextEncoder();
const STATE_TAIL = '"} 0\n';
const STATE_LABEL = ',state="';

export class LabelArena {
  #bytes = new Uint8Array(4_096);
  #length = 0;
  readonly #marks: Int32Array;
  /** Octets of the longest label block, and of the longest prepared lines of a path. */
  labelsMax = 0;
  preparedMax = 0;

  constructor(paths: readonly PathLabels[]) {
    this.#marks = new Int32Array((paths.length + 1) * MARKS);
    for (const [row, path] of paths.entries()) this.#addPath(row, path);
    this.#marks[paths.length * MARKS] = this.#length;
  }

  /** Adds a piece; call before `bytes`. */
  add(text: string): Piece {
    const start = this.#length;
    const needed = start + text.length * 3; // UTF-8 of one UTF-16 unit takes at most 3 octets
    if (needed > this.#bytes.byteLength) this.#grow(needed);
    const { written } = ENCODER.encodeInto(text, this.#bytes.subarray(start));
    this.#length += written;
    return { start, end: this.#length };
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  start(row: number): number {
    return this.#marks[row * MARKS] ?? 0;
  }

  idEnd(row: number): number {
    return this.#marks[row * MARKS + 1] ?? 0;
  }

  namesEnd(row: number): number {
    return this.#marks[row * MARKS + 2] ?? 0;
  }

  infoEnd(row: number): number {
    return this.#marks[row * MARKS + 3] ?? 0;
  }

  statesEnd(row: number): number {
    return this.#marks[(row + 1) * MARKS] ?? 0;
  }

  #addPath(row: number, path: PathLabels): void {
    const mark = row * MARKS;
    const id = `{path_id="${escapeLabel(path.id)}"`;
    const name = `,path_name="${escapeLabel(path.name)}"`;
    const { start, end: idEnd } = this.add(id);
    const namesEnd = this.add(name).end;
    const infoEnd = this.add(infoTail(path)).end;
    const head = `${STATE_NAME}${id}${name}${STATE_LABEL}`;
    this.add(STATES.map((state) => `${head}${state}${STATE_TAIL}`).join(""));
    this.#marks.set([start, idEnd, namesEnd, infoEnd], mark);
    this.labelsMax = Math.max(this.labelsMax, namesEnd - start);
    this.preparedMax = Math.max(this.preparedMax, this.#length - start + INFO_NAME.length);
  }

  #grow(needed: number): void {
    invariant(needed < 2 ** 31, "labels exceed 2 GB");
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** How far before the end of a path's state lines the digit of `STATES[state]` stands. */
export function stateDigit(arena: LabelArena, row: number, state: number): number {
  const labels = arena.namesEnd(row) - arena.start(row);
  const line = STATE_NAME.length + labels + STATE_LABEL.length + STATE_TAIL.length;
  let back = 2; // the line feed and the digit itself
  for (let later = state + 1; later < STATES.length; later++) {
    back += line + (STATES[later]?.length ?? 0);
  }
  return back;
}

function infoTail(path: PathLabels): string {
  const labels = {
    interface: path.interface ?? "",
    target: path.targets.join(","),
    probe: [...new Set(path.probes)].join(","),
  };
  const text = Object.entries(labels).map(([name, value]) => `,${name}="${escapeLabel(value)}"`);
  return `${text.join("")}} 1\n`;
}

/** Label values in both formats: backslash, double quote and line feed. */
export function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
