/** `init` on a box with two default routes: what it writes passes check-config and is not lost. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../agent/config/parse.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { LINK, TARGET, TwoLinks } from "../support/lab/two-links.ts";

const problem = namespaceProblem();
const MAIN = join(import.meta.dir, "../../agent/main.ts");

describe.skipIf(problem !== null)(`init (${problem ?? "as root"})`, () => {
  const folder = mkdtempSync(join(tmpdir(), "patronus-init-"));
  const output = join(folder, "etc", "agent.yaml");
  let links: TwoLinks;
  beforeAll(() => {
    links = new TwoLinks("init");
  });
  afterAll(() => {
    links?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(...args: string[]) {
    const command = links.near.command([process.execPath, MAIN, ...args]);
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdin: null });
    return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
  }

  test("finds both uplinks in the order of their metrics", () => {
    expect(run("init", "--output", output, "--target", `${TARGET[4]},${TARGET[6]}`).err).toBe("");
    const text = readFileSync(output, "utf8");
    const parsed = parseConfig([{ name: output, text }], {});
    if (parsed.kind === "invalid") throw new Error(text);
    expect(parsed.config.paths.map((path) => path.interface)).toEqual([
      LINK.a.device,
      LINK.b.device,
    ]);
    for (const { targets } of parsed.config.paths) {
      expect(targets.map(({ host }) => host)).toEqual([TARGET[4], TARGET[6]]);
    }
    expect(parsed.config.policies[0]?.primary).toBe(parsed.config.paths[0]?.id ?? "");
    expect(text).toContain(`via 10.78.1.2, metric ${LINK.a.metric}`);
    expect(text).toContain(`via fd78:2::2, metric ${LINK.b.metric}`);
    expect(run("check-config", output).code).toBe(0);
  });

  test("leaves a file alone unless forced, and then keeps the old text", () => {
    writeFileSync(output, "# mine\n");
    const refused = run("init", "--output", output);
    expect([refused.code, refused.err]).toEqual([
      1,
      `cannot write ${output}: it exists; --force replaces it\n`,
    ]);
    expect(readFileSync(output, "utf8")).toBe("# mine\n");
    expect(run("init", "--output", output, "--force").code).toBe(0);
    expect(readFileSync(output, "utf8")).toContain('targets: ["10.78.1.2"]');
    expect(readFileSync(`${output}.old`, "utf8")).toBe("# mine\n");
  });

  test("refuses a target that is none, and a box without a default route", () => {
    expect(run("init", "--output", "-", "--target", "a b;c").code).toBe(2);
    links.lower("a");
    links.lower("b");
    const { code, err } = run("init", "--output", "-");
    expect([code, err]).toEqual([1, "cannot find an uplink: no default route is there\n"]);
  });
});
