import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultNodeId, readConfigFiles } from "../../../agent/io/config-files.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o640 });
  return path;
}

function read(path: string | null, environment = {}) {
  return readConfigFiles({ path, environment, usual: join(folder, "usual.yaml") });
}

function problemsOf(result: ReturnType<typeof read>): string[] {
  if (result.kind !== "unreadable") return [];
  return result.problems.map(({ file, message }) => `${file}: ${message}`);
}

describe("readConfigFiles()", () => {
  test("takes the named file over PATRONUS_CONFIG over the usual place", () => {
    const named = put("named.yaml", "named");
    const PATRONUS_CONFIG = put("variable.yaml", "variable");
    put("usual.yaml", "usual");
    const texts = [read(named, { PATRONUS_CONFIG }), read(null, { PATRONUS_CONFIG }), read(null)];
    expect(texts.map((one) => one.kind === "files" && one.sources[0]?.text)).toEqual([
      "named",
      "variable",
      "usual",
    ]);
  });

  test("finds nothing without a file in the usual place, which is no problem", () => {
    expect(read(null)).toEqual({ kind: "none" });
    expect(read(null, { PATRONUS_CONFIG: "" })).toEqual({ kind: "none" });
  });

  test("names a file that was asked for and is not there", () => {
    const absent = join(folder, "absent.yaml");
    expect(problemsOf(read(absent))).toEqual([`${absent}: cannot open absent.yaml: ENOENT`]);
    expect(read(null, { PATRONUS_CONFIG: absent }).kind).toBe("unreadable");
  });

  test("adds conf.d/*.yaml in byte order and leaves out the rest", () => {
    const main = put("usual.yaml", "");
    mkdirSync(join(folder, "conf.d"));
    for (const name of ["b.yaml", "10.yaml", "9.yaml", "Z.yaml", ".x.yaml", "a.yaml~", "é.yaml"]) {
      put(join("conf.d", name), name);
    }
    put(join("conf.d", "c.yml"), "");
    const result = read(null);
    const names = result.kind === "files" ? result.sources.map(({ name }) => name) : [];
    const dropIns = ["10.yaml", "9.yaml", "Z.yaml", "b.yaml", "é.yaml"];
    expect(names).toEqual([main, ...dropIns.map((name) => join(folder, "conf.d", name))]);
    const warnings = result.kind === "files" ? result.warnings : [];
    expect(warnings.map(({ file }) => file)).toEqual([join(folder, "conf.d", "c.yml")]);
  });

  test("reports every unreadable file at once", () => {
    const main = put("usual.yaml", new Uint8Array([0x61, 0xff, 0xfe]));
    mkdirSync(join(folder, "conf.d", "folder.yaml"), { recursive: true });
    symlinkSync("nowhere", join(folder, "conf.d", "link.yaml"));
    expect(problemsOf(read(null))).toEqual([
      `${main}: cannot decode the text: want UTF-8`,
      `${join(folder, "conf.d", "folder.yaml")}: cannot read: want a regular file`,
      `${join(folder, "conf.d", "link.yaml")}: cannot open link.yaml: ENOENT`,
    ]);
  });

  test("refuses devices, pipes and huge files without reading them", () => {
    expect(problemsOf(read("/dev/zero"))).toEqual(["/dev/zero: cannot read: want a regular file"]);
    const pipe = join(folder, "pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    expect(problemsOf(read(pipe))[0]).toContain("want a regular file");
    const huge = put("huge.yaml", new Uint8Array(16 * 1024 * 1024 + 1));
    expect(problemsOf(read(huge))[0]).toContain("shorten the file");
  });

  test("drops a byte order mark and takes an empty file", () => {
    const marked = read(put("bom.yaml", new Uint8Array([0xef, 0xbb, 0xbf, 0x61])));
    expect(marked.kind === "files" && marked.sources[0]?.text).toBe("a");
    const empty = read(put("empty.yaml", ""));
    expect(empty.kind === "files" && empty.sources[0]?.text).toBe("");
  });

  test("warns of a file that everybody may write", () => {
    const path = put("open.yaml", "");
    chmodSync(path, 0o666);
    const result = read(path);
    expect(result.kind === "files" && result.warnings[0]?.message).toContain("by everybody");
  });
});

describe("defaultNodeId()", () => {
  test("is stable for a machine id and does not contain it", () => {
    const file = put("machine-id", "0123456789abcdef0123456789abcdef\n");
    expect(defaultNodeId(file)).toMatch(/^node-[0-9a-f]{12}$/);
    expect(defaultNodeId(file)).toBe(defaultNodeId(file));
    const other = put("other-id", "1123456789abcdef0123456789abcdef\n");
    expect(defaultNodeId(other)).not.toBe(defaultNodeId(file));
  });

  test("falls back to a usable name without one", () => {
    expect(defaultNodeId(join(folder, "absent"))).toMatch(/^[A-Za-z0-9._-]+$/);
  });
});
