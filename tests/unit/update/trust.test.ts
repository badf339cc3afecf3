import { describe, expect, test } from "bun:test";
import { EMPTY_MEMORY, withBad } from "../../../agent/update/memory.ts";
import { choosePayload, judgeOffer } from "../../../agent/update/trust.ts";
import { idOf, makeKey } from "../../../scripts/release/signing.ts";
import {
  BASE_SHA,
  judge,
  NEW_SHA,
  NOW,
  RELEASE_KEY,
  sha,
  signedDocuments,
} from "../../support/update-documents.ts";

const FULL = { place: "f", size: 400, sha256: sha("full") };
const DELTA = { place: "d", size: 30, sha256: sha("delta"), baseSha256: BASE_SHA };
const FILES = { size: 1_000, sha256: NEW_SHA, full: FULL, deltas: [DELTA] };

function codeOf(documents = signedDocuments(), change: Parameters<typeof judge>[0] = {}): string {
  const offer = judgeOffer(documents, judge(change));
  return offer.kind === "refused" ? offer.code : offer.kind;
}

describe("judgeOffer()", () => {
  test("offers a newer release that is signed through", () => {
    expect(codeOf()).toBe("offered");
  });

  test("says that the running file is the newest", () => {
    expect(codeOf(signedDocuments(), { runningSha256: NEW_SHA })).toBe("current");
  });

  test("knows no release without a root key", () => {
    expect(codeOf(signedDocuments(), { roots: [] })).toBe("no-root-keys");
  });

  test("refuses keys of another root, and a manifest of a root or a stranger", () => {
    expect(codeOf(signedDocuments({ rootKey: makeKey() }))).toBe("keys-untrusted");
    expect(codeOf(signedDocuments({ releaseKey: makeKey() }))).toBe("manifest-untrusted");
    const revoked = { keys: { revoked: [idOf(RELEASE_KEY)] } };
    expect(codeOf(signedDocuments(revoked))).toBe("manifest-untrusted");
  });

  test("refuses a manifest signed as a key list, and the other way round", () => {
    const documents = signedDocuments();
    const swapped = { ...documents, keys: documents.manifest };
    expect(codeOf(swapped)).toBe("keys-untrusted");
    const list = { ...documents, manifest: documents.keys };
    expect(codeOf(list)).toBe("manifest-untrusted");
  });

  test("refuses a key list that is older than one it has seen, to the version", () => {
    const at = (keysVersion: number) =>
      codeOf(signedDocuments(), { memory: { ...EMPTY_MEMORY, keysVersion } });
    expect([at(1), at(2), at(3)]).toEqual(["offered", "offered", "keys-older"]);
  });

  test("refuses what has expired, to the second", () => {
    const at = (now: number) => codeOf(signedDocuments(), { now });
    expect([at(NOW + 500), at(NOW + 501)]).toEqual(["offered", "manifest-expired"]);
    expect(at(NOW + 1_001)).toBe("keys-expired");
  });

  test("a clock of 1970 is helped by what was seen signed later", () => {
    const at = (seenAt: number) =>
      codeOf(signedDocuments(), { now: 100, memory: { ...EMPTY_MEMORY, seenAt } });
    expect([at(0), at(NOW + 500), at(NOW + 501)]).toEqual([
      "offered",
      "offered",
      "manifest-expired",
    ]);
  });

  test("refuses a release below the newest it has seen, installed or not", () => {
    const at = (highestRelease: number) =>
      codeOf(signedDocuments(), { memory: { ...EMPTY_MEMORY, highestRelease } });
    expect([at(6), at(7), at(8)]).toEqual(["offered", "offered", "older"]);
    expect(codeOf(signedDocuments(), { runningRelease: 8 })).toBe("older");
    expect(codeOf(signedDocuments(), { runningRelease: 7 })).toBe("older");
  });

  test("refuses a file that failed here, whatever its number", () => {
    const memory = withBad(EMPTY_MEMORY, { release: 5, version: "0", sha256: NEW_SHA }, "it hung");
    const offer = judgeOffer(signedDocuments(), judge({ memory }));
    expect(offer).toMatchObject({ kind: "refused", code: "known-bad" });
    expect(offer.kind === "refused" && offer.reason).toContain("it hung");
  });

  test("refuses another channel and a release without a file for this target", () => {
    expect(codeOf(signedDocuments({ manifest: { channel: "beta" } }))).toBe("wrong-channel");
    expect(codeOf(signedDocuments(), { target: "linux-arm64" })).toBe("no-target");
    expect(codeOf(signedDocuments(), { target: "constructor" })).toBe("no-target");
  });

  test("refuses damaged documents although they are signed", () => {
    expect(codeOf(signedDocuments({ keys: { version: "x" } }))).toBe("keys-damaged");
    expect(codeOf(signedDocuments({ manifest: { release: null } }))).toBe("manifest-damaged");
  });
});

describe("choosePayload()", () => {
  test("takes the delta from what runs, else the whole file", () => {
    expect(choosePayload(FILES, BASE_SHA)).toEqual({ kind: "delta", payload: DELTA });
    expect(choosePayload(FILES, sha("other"))).toEqual({ kind: "full", payload: FULL });
  });

  test("takes no delta that is larger than the whole file", () => {
    const files = { ...FILES, deltas: [{ ...DELTA, size: 400 }] };
    expect(choosePayload(files, BASE_SHA).kind).toBe("full");
  });
});
