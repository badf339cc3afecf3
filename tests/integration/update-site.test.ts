/** The client of the update server against a server that misbehaves, on loopback. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClock, createTimers } from "../../agent/io/clock.ts";
import { openSite } from "../../agent/io/update/site.ts";
import type { SignedDocuments } from "../../agent/update/trust.ts";

const CONTENT = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i) % 251));
const PAYLOAD = {
  place: "stable/7/x.delta",
  size: CONTENT.byteLength,
  sha256: createHash("sha256").update(CONTENT).digest("hex"),
};
const DOCUMENTS: SignedDocuments = {
  keys: new TextEncoder().encode("{}"),
  keysSignature: "s1",
  manifest: new TextEncoder().encode("{ }"),
  manifestSignature: "s2",
};

let folder: string;
let answer: (request: Request) => Response | Promise<Response>;
let asked: { readonly pathname: string; readonly range: string | null }[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    asked.push({ pathname: new URL(request.url).pathname, range: request.headers.get("range") });
    return answer(request);
  },
});
const url = `http://127.0.0.1:${server.port}/base/`;
const clock = createClock();
const timers = createTimers(clock);
const site = () => openSite({ timers, clock, folder });
const fetchIt = () => {
  return site().fetch({ url, payload: PAYLOAD, documents: DOCUMENTS, progress: () => {} });
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "update-site-"));
});

afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  asked = [];
  for (const name of ["payload", "payload.part", "payload.json"]) {
    rmSync(join(folder, name), { force: true });
  }
});

/** Sends so many octets from the start that is asked for, then ends. */
function part(octets: number, etag = `"one"`) {
  return (request: Request): Response => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    const isRest = from > 0 && request.headers.get("if-range") === etag;
    const start = isRest ? from : 0;
    const headers = { etag, "content-range": `bytes ${start}-${CONTENT.byteLength - 1}/*` };
    const body = CONTENT.subarray(start, start + octets);
    return new Response(body, { status: isRest ? 206 : 200, headers });
  };
}

const payload = () => readFileSync(join(folder, "payload"));

describe("fetch of a payload", () => {
  test("puts it beside its documents, under the folder of the server", async () => {
    answer = part(CONTENT.byteLength);
    expect(await fetchIt()).toEqual({ kind: "got", value: null });
    expect(payload().equals(CONTENT)).toBe(true);
    expect(readFileSync(join(folder, "manifest.json.minisig"), "utf8")).toBe("s2");
    expect(asked[0]?.pathname).toBe("/base/stable/7/x.delta");
  });

  test("goes on where a cut answer ended", async () => {
    answer = part(20_000);
    expect(await fetchIt()).toMatchObject({ kind: "failed" });
    expect(await fetchIt()).toMatchObject({ kind: "failed" });
    expect(await fetchIt()).toMatchObject({ kind: "got" });
    expect(asked.map(({ range }) => range)).toEqual([null, "bytes=20000-", "bytes=40000-"]);
    expect(payload().equals(CONTENT)).toBe(true);
  });

  test("begins anew when the file on the server is another one", async () => {
    answer = part(20_000);
    await fetchIt();
    answer = part(CONTENT.byteLength, `"two"`);
    expect(await fetchIt()).toMatchObject({ kind: "got" });
    expect(payload().equals(CONTENT)).toBe(true);
  });

  test("does not go on with a weak validator, nor with a range that was not asked for", async () => {
    answer = part(20_000, `W/"one"`);
    await fetchIt();
    answer = (request) => {
      expect(request.headers.get("range")).toBeNull();
      const headers = { etag: `"x"`, "content-range": "bytes 7-50000/50000" };
      return new Response(CONTENT.subarray(7), { status: 206, headers });
    };
    expect(await fetchIt()).toEqual({
      kind: "failed",
      reason: "/base/stable/7/x.delta answers 206",
    });
  });

  test("refuses other octets of the same length, and asks for all of them again", async () => {
    answer = () => new Response(CONTENT.toReversed(), { headers: { etag: `"x"` } });
    expect(await fetchIt()).toMatchObject({ reason: expect.stringContaining("not what") });
    answer = part(CONTENT.byteLength);
    expect(await fetchIt()).toMatchObject({ kind: "got" });
  });

  test("ends a body that does not end", async () => {
    answer = () => {
      const endless = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(65_536)) });
      return new Response(endless);
    };
    expect(await fetchIt()).toMatchObject({ reason: expect.stringContaining("longer than 50000") });
    expect(existsSync(join(folder, "payload.part"))).toBe(false);
  });

  test("follows no redirect", async () => {
    answer = () => Response.redirect("http://127.0.0.1:1/elsewhere");
    expect(await fetchIt()).toMatchObject({ kind: "failed" });
    expect(asked).toHaveLength(1);
  });

  test("follows no link that was put in the payload's place", async () => {
    const victim = join(folder, "victim");
    writeFileSync(victim, "mine");
    symlinkSync(victim, join(folder, "payload.part"));
    answer = part(CONTENT.byteLength);
    expect(await fetchIt()).toMatchObject({ kind: "failed" });
    expect(readFileSync(victim, "utf8")).toBe("mine");
  });
});

describe("fetch of the documents", () => {
  test("asks for four small files", async () => {
    answer = (request) => new Response(new URL(request.url).pathname);
    const got = await site().documents(url, "beta");
    expect(got.kind === "got" && new TextDecoder().decode(got.value.manifest)).toBe(
      "/base/beta/manifest.json",
    );
    expect(got.kind === "got" && got.value.keysSignature).toBe("/base/keys.json.minisig");
  });

  test("tells of a missing one and of one that is too long", async () => {
    answer = () => new Response("no", { status: 404 });
    expect(await site().documents(url, "stable")).toEqual({
      kind: "failed",
      reason: "/base/keys.json answers 404",
    });
    answer = () => new Response(new Uint8Array(300_000));
    expect(await site().documents(url, "stable")).toMatchObject({
      reason: expect.stringContaining("longer than"),
    });
  });
});
