/**
 * Reading of signed JSON documents: every field is required, has one form and bounds, and unknown
 * fields are let be (a newer publisher may add some). The first fault ends the reading.
 */

/** Why a document is not what it must be; caught by `readDocument` alone. */
class Fault extends Error {}

export type DocumentResult<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "damaged"; readonly reason: string };

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

const SHA256 = /^[0-9a-f]{64}$/;
/** Below the folder of the server: no scheme, no host, no way up. */
const RELATIVE = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*){0,7}$/;
const TEXT_MAX = 256;
export const DOCUMENT_MAX = 256 * 1024;

/** Text -> value by `read`, which takes a `Fields` of the outermost object. */
export function readDocument<T>(bytes: Uint8Array, read: (fields: Fields) => T): DocumentResult<T> {
  if (bytes.byteLength > DOCUMENT_MAX) {
    return { kind: "damaged", reason: `${bytes.byteLength} octets are too many` };
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { kind: "ok", value: read(new Fields(JSON.parse(text), "")) };
  } catch (error) {
    const reason = error instanceof Fault ? error.message : "it is not JSON";
    return { kind: "damaged", reason };
  }
}

export class Fields {
  readonly #entries: ReadonlyMap<string, unknown>;
  readonly #at: string;

  constructor(value: unknown, at: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Fault(`${at === "" ? "it" : at} is not an object`);
    }
    this.#entries = new Map(Object.entries(value));
    this.#at = at;
  }

  isNull(name: string): boolean {
    return this.#entries.get(name) === null;
  }

  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  text(name: string, form: RegExp = /^\P{Cc}*$/u): string {
    const value = this.#entries.get(name);
    if (typeof value === "string" && value.length <= TEXT_MAX && form.test(value)) return value;
    throw this.#fault(name, "a text of the right form");
  }

  whole(name: string, { min, max }: Bounds): number {
    const value = this.#entries.get(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw this.#fault(name, `a whole number from ${min} to ${max}`);
  }

  /** Unix seconds. */
  time(name: string): number {
    return this.whole(name, { min: 0, max: 2 ** 40 });
  }

  sha256(name: string): string {
    return this.text(name, SHA256);
  }

  place(name: string): string {
    return this.text(name, RELATIVE);
  }

  inner(name: string): Fields {
    return new Fields(this.#entries.get(name), this.#key(name));
  }

  list<T>(name: string, most: number, read: (fields: Fields) => T): readonly T[] {
    return this.#items(name, most).map((item, i) => {
      return read(new Fields(item, `${this.#key(name)}[${i}]`));
    });
  }

  texts(name: string, most: number, form: RegExp): readonly string[] {
    return this.#items(name, most).map((item) => {
      if (typeof item === "string" && item.length <= TEXT_MAX && form.test(item)) return item;
      throw this.#fault(name, "a list of texts of the right form");
    });
  }

  #items(name: string, most: number): readonly unknown[] {
    const value = this.#entries.get(name);
    if (Array.isArray(value) && value.length <= most) return value;
    throw this.#fault(name, `a list of at most ${most}`);
  }

  #key(name: string): string {
    return this.#at === "" ? name : `${this.#at}.${name}`;
  }

  #fault(name: string, want: string): Fault {
    return new Fault(`${this.#key(name)} is wrong: want ${want}`);
  }
}
