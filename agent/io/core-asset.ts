/** The WASM core as bytes, embedded in the compiled file. */

import { readFileSync } from "node:fs";
import corePath from "../../build/core.wasm" with { type: "file" };

export function coreBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(corePath));
}
