import { expect, test } from "bun:test";
import { RELEASE, rootKeys } from "../../../agent/update/root-keys.ts";
import { makeKey, publicKeyFile } from "../../../scripts/release/signing.ts";
import { publicKeyOf } from "../../support/update-documents.ts";

test("rootKeys() takes public key files one after the other and passes over the rest", () => {
  const [one, two] = [makeKey(), makeKey()];
  const text = `${publicKeyFile(one)}\n# a remark\n${publicKeyFile(two)}garbage\n`;
  expect(rootKeys(text)).toEqual([publicKeyOf(one), publicKeyOf(two)]);
  expect(rootKeys("")).toEqual([]);
});

test("from source there is no release", () => {
  expect(RELEASE).toBe(0);
});
