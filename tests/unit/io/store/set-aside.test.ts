import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { setAside } from "../../../../agent/io/store/set-aside.ts";
import { temporaryFolder } from "../../../support/journals.ts";

describe("setAside()", () => {
  test("setAside() moves file and WAL to names that belong together", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "a.db");
    writeFileSync(path, "database");
    writeFileSync(`${path}-wal`, "wal");
    expect(setAside(path, unixSeconds(1234))).toEqual({
      kind: "ok",
      value: `${path}.corrupt-1234`,
    });
    expect(readdirSync(folder.path).sort()).toEqual(["a.db.corrupt-1234", "a.db.corrupt-1234-wal"]);
    expect(readFileSync(`${path}.corrupt-1234-wal`, "utf8")).toBe("wal");
    folder.remove();
  });

  test("setAside() keeps one, and leaves other files alone", () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "a.db");
    for (const name of ["a.db.corrupt-1", "a.db.corrupt-1-wal", "b.db.corrupt-1", "a.db.old"]) {
      writeFileSync(join(folder.path, name), "");
    }
    writeFileSync(path, "");
    setAside(path, unixSeconds(2));
    expect(readdirSync(folder.path).sort()).toEqual([
      "a.db.corrupt-2",
      "a.db.old",
      "b.db.corrupt-1",
    ]);
    folder.remove();
  });

  test("setAside() answers with a fault when the folder is gone", () => {
    const result = setAside("/nonexistent/folder/a.db", unixSeconds(1));
    expect(result.kind === "fault" && result.fault.kind).toBe("broken");
  });
});
