/**
 * What controller and supervisor say to each other about updates, on the control pair. During a
 * trial the two are of different releases: fields may be added here, never changed or removed.
 */

import type { UpdateStep } from "../domain/update.ts";
import { FRAME_MAX, HEADER_SIZE, viewOf, writeHeader } from "./frame.ts";

export const UPDATE_FRAME = {
  order: 48, // controller -> supervisor, body: JSON UpdateOrder
  report: 49, // supervisor -> controller, body: JSON UpdateReport, on every change
} as const;

export type UpdateOrder =
  /** Say what is known. */
  | { readonly kind: "look" }
  /** Hash the program and say what is known. */
  | { readonly kind: "survey" }
  /** The documents and the payload lie in the folder; `answering`: paths that answer now. */
  | { readonly kind: "install"; readonly answering: number }
  | { readonly kind: "roll-back"; readonly author: string }
  /** During a trial, again and again. */
  | { readonly kind: "health"; readonly ready: boolean; readonly answering: number }
  /** Steps up to this number are in the operators' journal. */
  | { readonly kind: "noted"; readonly number: number };

export interface ReleaseName {
  readonly release: number;
  readonly version: string;
}

export interface UpdateReport {
  readonly activity: "idle" | "staging" | "trial" | "rolling-back";
  /** null: not surveyed yet. */
  readonly sha256: string | null;
  /** Root keys of the box, as lines. */
  readonly root_keys: readonly string[];
  /** Of whom the trial is, and how it goes. */
  readonly trial: (ReleaseName & { readonly ends_in_secs: number }) | null;
  readonly highest_release: number;
  readonly keys_version: number;
  readonly min_release: number;
  readonly seen_at: number;
  readonly previous: ReleaseName | null;
  readonly bad: readonly (ReleaseName & { readonly sha256: string; readonly reason: string })[];
  readonly steps: readonly UpdateStep[];
  readonly noted: number;
  /** Why nothing can be installed here; null: it can. */
  readonly problem: string | null;
}

/** Throws RangeError when it does not fit one frame. */
export function encodeUpdate(type: number, body: UpdateOrder | UpdateReport): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(body));
  if (text.byteLength > FRAME_MAX - HEADER_SIZE) {
    throw new RangeError(`cannot encode frame ${type} of ${text.byteLength} octets`);
  }
  const frame = new Uint8Array(HEADER_SIZE + text.byteLength);
  writeHeader(viewOf(frame), { type, flags: 0, generation: 0, count: 1, aux: 0, aux2: 0 });
  frame.set(text, HEADER_SIZE);
  return frame;
}

/** null: not an order that we know; a newer controller may have more of them. */
export function readOrder(body: unknown): UpdateOrder | null {
  if (typeof body !== "object" || body === null) return null;
  const fields = new Map(Object.entries(body));
  const count = (name: string) => {
    const value = fields.get(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  switch (fields.get("kind")) {
    case "look":
      return { kind: "look" };
    case "survey":
      return { kind: "survey" };
    case "install":
      return { kind: "install", answering: count("answering") };
    case "roll-back":
      return { kind: "roll-back", author: String(fields.get("author") ?? "").slice(0, 64) };
    case "health":
      return {
        kind: "health",
        ready: fields.get("ready") === true,
        answering: count("answering"),
      };
    case "noted":
      return { kind: "noted", number: count("number") };
    default:
      return null;
  }
}
