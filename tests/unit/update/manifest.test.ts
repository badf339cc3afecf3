import { describe, expect, test } from "bun:test";
import { FILE_SIZE_MAX, parseManifest } from "../../../agent/update/manifest.ts";
import { bytesOf, manifestDocument, NEW_SHA, sha } from "../../support/update-documents.ts";

const read = (change: object) => parseManifest(bytesOf(manifestDocument(change)));
const target = (change: object) => ({
  targets: {
    "linux-x64": {
      size: 1,
      sha256: NEW_SHA,
      full: { place: "a.zst", size: 1, sha256: sha("a") },
      deltas: [],
      ...change,
    },
  },
});

describe("parseManifest()", () => {
  test("reads every target with its files", () => {
    const result = read({});
    expect(result.kind === "ok" && result.value.targets.get("linux-x64")).toMatchObject({
      size: 1_000,
      full: { place: "stable/7/linux-x64.zst" },
      deltas: [{ size: 30 }],
    });
  });

  test("takes fields that it does not know", () => {
    expect(read({ bun: "abc", more: [1] }).kind).toBe("ok");
  });

  test.each([
    { type: "patronus-agent-keys" },
    { release: 0 },
    { release: 1.5 },
    { release: "7" },
    { version: "7" },
    { channel: "../stable" },
    { rollout: { percent: 101, salt: "x" } },
    { not_after: -1 },
    target({ size: FILE_SIZE_MAX + 1 }),
    target({ sha256: NEW_SHA.toUpperCase() }),
    target({ full: { place: "/a.zst", size: 1, sha256: sha("a") } }),
    target({ full: { place: "https://evil.example/a", size: 1, sha256: sha("a") } }),
    target({ deltas: null }),
    target({ deltas: [{ place: "a", size: 1, sha256: sha("a") }] }),
  ])("refuses %p", (change) => {
    expect(read(change).kind).toBe("damaged");
  });
});
