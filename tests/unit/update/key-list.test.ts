import { describe, expect, test } from "bun:test";
import { parseKeyList } from "../../../agent/update/key-list.ts";
import { idOf } from "../../../scripts/release/signing.ts";
import {
  bytesOf,
  keyListDocument,
  publicKeyOf,
  RELEASE_KEY,
} from "../../support/update-documents.ts";

describe("parseKeyList()", () => {
  test("has the keys that are not revoked", () => {
    const read = (change: object) => parseKeyList(bytesOf(keyListDocument(change)));
    expect(read({})).toMatchObject({ kind: "ok", value: { keys: [publicKeyOf(RELEASE_KEY)] } });
    expect(read({ revoked: [idOf(RELEASE_KEY)] })).toMatchObject({ value: { keys: [] } });
  });

  test("refuses a document of another type or without a version", () => {
    for (const change of [{ type: "manifest" }, { version: 0 }, { keys: ["no key"] }]) {
      expect(parseKeyList(bytesOf(keyListDocument(change))).kind).toBe("damaged");
    }
  });
});
