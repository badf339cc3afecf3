import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { parseKeyList } from "../../../agent/update/key-list.ts";
import type { Manifest } from "../../../agent/update/manifest.ts";
import { parseManifest } from "../../../agent/update/manifest.ts";
import { parsePublicKey } from "../../../agent/update/minisign.ts";
import { applied } from "../../support/update-delta.ts";

const SCRIPT = join(import.meta.dir, "../../../scripts/release.ts");
const folder = mkdtempSync(join(tmpdir(), "release-test-"));
const path = (name: string) => join(folder, name);
const site = (name: string) => join(folder, "site", name);

afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const done = Bun.spawnSync([process.execPath, SCRIPT, ...args], { cwd: folder, stderr: "pipe" });
  return { code: done.exitCode, text: done.stdout.toString() + done.stderr.toString() };
}

function publish(release: number, more: string[] = [], into = "site") {
  return run(
    ...["publish", "--folder", into, "--key", "release.key", "--level", "3"],
    ...["--version", `0.1.${release}`, "--release", String(release)],
    ...["--binary", `linux-x64=program-${release}`, ...more],
  );
}

function manifest(place = "stable/manifest.json"): Manifest {
  const read = parseManifest(readFileSync(site(place)));
  if (read.kind === "damaged") throw new Error(read.reason);
  return read.value;
}

function keyList() {
  const read = parseKeyList(readFileSync(site("keys.json")));
  if (read.kind === "damaged") throw new Error(read.reason);
  return read.value;
}

function isSigned(name: string, key: string): boolean {
  return Bun.spawnSync(["minisign", "-Vm", site(name), "-p", path(key)]).exitCode === 0;
}

/** Octets that do not compress, and one number. */
function program(release: number): Buffer {
  const bytes = Buffer.alloc(200_000);
  for (let i = 0, state = 1; i < bytes.byteLength; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  bytes.writeUInt32LE(release, 100_000);
  return bytes;
}

beforeAll(() => {
  for (const release of [1, 2, 3, 4, 5, 6, 7, 8]) {
    writeFileSync(path(`program-${release}`), program(release));
  }
  for (const name of ["root.key", "release.key"]) expect(run("key", name).code).toBe(0);
  for (const release of [1, 2, 3, 4, 5, 6, 7]) expect(publish(release)).toMatchObject({ code: 0 });
});

describe("release.ts", () => {
  test("makes keys that only their owner reads, and does not overwrite one", () => {
    expect(statSync(path("root.key")).mode & 0o777).toBe(0o600);
    const again = run("key", "root.key");
    expect([again.code, again.text]).toEqual([1, expect.stringContaining("it exists")]);
  });

  test("signs the key list with a root key; its version grows and revocations stay", () => {
    const id = parsePublicKey(readFileSync(path("release.key.pub"), "utf8"))?.id ?? "";
    const list = ["keys", "--folder", "site", "--root", "root.key"];
    const keyed = [...list, "--release-key", "release.key.pub"];
    expect(run(...keyed).code).toBe(0);
    expect(keyList()).toMatchObject({ version: 1, keys: [{ id }] });
    expect(isSigned("keys.json", "root.key.pub")).toBe(true);
    expect(isSigned("keys.json", "release.key.pub")).toBe(false);
    expect(run(...keyed, "--revoke", id).code).toBe(0);
    expect(run(...keyed).code).toBe(0);
    expect(keyList()).toMatchObject({ version: 3, keys: [] });
    rmSync(site("keys.json"));
    expect(run(...keyed).code).toBe(0);
  });

  test("publishes a whole file and deltas from the five releases before", () => {
    const files = manifest().targets.get("linux-x64");
    expect(files?.deltas.map(({ place }) => place)).toEqual(
      [6, 5, 4, 3, 2].map((from) => `stable/7/linux-x64-from-${from}.delta`),
    );
    const full = zstdDecompressSync(readFileSync(site(files?.full.place ?? "")));
    expect(full.equals(program(7))).toBe(true);
    const delta = readFileSync(site("stable/7/linux-x64-from-3.delta"));
    expect(Buffer.compare(applied(delta, program(3)), program(7))).toBe(0);
    expect(isSigned("stable/manifest.json", "release.key.pub")).toBe(true);
    expect(readFileSync(site("stable/manifest.json"))).toEqual(
      readFileSync(site("stable/7/manifest.json")),
    );
  });

  test("publishes no release twice and none below the newest", () => {
    for (const release of [7, 6]) expect(publish(release).text).toContain("7 is there");
    expect(publish(8, ["--version", "eight"]).text).toContain("cannot use version eight");
    expect(existsSync(site("stable/8"))).toBe(false);
  });

  test("does not make a delta from a file that is not what its manifest says", () => {
    cpSync(path("site"), path("copy"), { recursive: true });
    const place = path("copy/stable/6/linux-x64.zst");
    const whole = readFileSync(place);
    writeFileSync(place, readFileSync(site("stable/5/linux-x64.zst")));
    expect(publish(8, [], "copy").text).toContain("not what its manifest says");
    truncateSync(place, 100);
    expect(publish(8, [], "copy").code).toBe(1);
    writeFileSync(place, whole);
    expect(publish(8, [], "copy").code).toBe(0);
  });

  test("renews the newest manifest: signed now, for more nodes, the same files", () => {
    cpSync(path("site"), path("renewed"), { recursive: true });
    const before = manifest();
    const renewed = run(
      ...["renew", "--folder", "renewed", "--key", "release.key"],
      ...["--rollout", "25", "--days", "200"],
    );
    expect(renewed.code).toBe(0);
    const after = manifest("../renewed/stable/manifest.json");
    expect(after.rollout).toEqual({ ...before.rollout, percent: 25 });
    expect(after.notAfter).toBeGreaterThan(before.notAfter);
    expect([after.release, after.targets]).toEqual([before.release, before.targets]);
    expect(isSigned("../renewed/stable/manifest.json", "release.key.pub")).toBe(true);
  });

  test("wants root keys to build with, and known commands and files", () => {
    const build = ["publish", "--folder", "site", "--key", "release.key", "--version", "0.2.0"];
    expect(run(...build).text).toContain("want --root-key");
    expect(run("burn").text).toContain("want key FILE");
    expect(run("keys", "--folder", "site").text).toContain("want --root");
    const stranger = ["keys", "--folder", "site", "--root", "root.key.pub"];
    expect(run(...stranger).text).toContain("cannot read the secret key");
  });
});
