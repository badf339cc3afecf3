import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRouteMemory, routeMemoryFile } from "../../../agent/io/route-memory.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patronus-memory-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MEMORY = {
  paths: [["fiber", 1]],
  policies: [[7, 0]],
  links: [{ device: "eth1", index: 3, rpFilter: 1, ignoreRoutesWithLinkdown: null }],
} as const;

test("save() is read back, into a folder that was not there", () => {
  const memory = openRouteMemory(join(folder, "state", "routes.json"));
  memory.save(MEMORY);
  expect(memory.problem).toBeNull();
  expect(memory.load()).toEqual({ ...MEMORY });
  memory.forget();
  expect(memory.load()).toBeNull();
});

test("load() leaves out what makes no sense", () => {
  const file = join(folder, "routes.json");
  const links = [{ device: "eth1", index: 3, rpFilter: "x" }, { index: 4 }, null];
  writeFileSync(file, JSON.stringify({ paths: [["a", 1], [2, 1], 3], policies: 5, links }));
  expect(openRouteMemory(file).load()).toEqual({
    paths: [["a", 1]],
    policies: [],
    links: [{ device: "eth1", index: 3, rpFilter: null, ignoreRoutesWithLinkdown: null }],
  });
});

test("a file that cannot be written or read is no fault of routing", () => {
  writeFileSync(join(folder, "file"), "{");
  const broken = openRouteMemory(join(folder, "file", "routes.json"));
  broken.save(MEMORY);
  expect(broken.problem).toContain("file");
  expect(openRouteMemory(join(folder, "file")).load()).toBeNull();
});

test("routeMemoryFile() lies beside the database", () => {
  expect(routeMemoryFile("/var/lib/patronus/patronus.db")).toBe("/var/lib/patronus/routes.json");
});
