import { expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { gzipChunks } from "../../../../../agent/io/http/metrics/gzip-chunks.ts";

const texts = [
  { name: "no chunk", parts: [] },
  { name: "one chunk", parts: ["hello"] },
  { name: "an empty chunk between others", parts: ["a", "", "b"] },
  { name: "chunks larger than the window", parts: ["ab".repeat(50_000), "ab".repeat(50_000)] },
];

test.each(texts)("gzipChunks() makes one member of $name", ({ parts }) => {
  const packed = Buffer.concat([
    ...gzipChunks(parts.map((part) => new TextEncoder().encode(part))),
  ]);
  expect(gunzipSync(packed).toString("utf8")).toBe(parts.join(""));
  expect(Buffer.from(Bun.gunzipSync(packed)).toString("utf8")).toBe(parts.join(""));
});
