/**
 * An update of an agent that routes: the kernel's rules and routes do not change for a moment, and
 * a stream that follows them loses nothing, over the swap, the commit and the way back.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { scratchFolder } from "../support/agent.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { Uplinks } from "../support/lab/uplinks.ts";
import { UpdateBox } from "../support/update-box.ts";
import { UpdateSite } from "../support/update-site.ts";

const problem = namespaceProblem();
const PORT = 18_477;
const TARGET = "10.77.0.1";
const CONFIG = `paths:
  - { id: fiber, interface: wan0, profile: fast, targets: [${TARGET}] }
  - { id: lte, interface: wan1, profile: fast, targets: [${TARGET}] }
policies:
  - id: 1
    name: everything
    primary: fiber
    backups: [lte]
    route: { match: [{ to: default }], ipv6: nat }
`;

/** Files of a folder, on loopback of the namespace that it runs in. */
function serverOf(folder: string): string {
  return `Bun.serve({ hostname: "127.0.0.1", port: ${PORT}, async fetch(request) {
    const file = Bun.file(${JSON.stringify(folder)} + new URL(request.url).pathname);
    return (await file.exists()) ? new Response(file) : new Response("", { status: 404 });
  } });
  console.log("serving");`;
}

describe.skipIf(problem !== null)(`an update of a router (${problem ?? "as root"})`, () => {
  let scratch = "";
  let uplinks: Uplinks;
  let site: UpdateSite;
  let box: UpdateBox;
  let server: Bun.Subprocess<"ignore", "pipe", "inherit">;

  beforeAll(async () => {
    scratch = scratchFolder();
    site = new UpdateSite(scratch);
    const first = await site.build(1);
    site.publish(1, first);
    site.publish(2, await site.build(2));
    uplinks = await Uplinks.open({ purpose: "rupd", uplinks: [{}, {}] });
    uplinks.box.sysctl("net.ipv4.conf.all.rp_filter", "1");
    const serve = uplinks.box.command([process.execPath, "-e", serverOf(site.folder)]);
    server = Bun.spawn(serve, { stdio: ["ignore", "pipe", "inherit"] });
    await server.stdout.getReader().read();
    const prefix = uplinks.box.command([]);
    box = new UpdateBox(first, { url: `http://127.0.0.1:${PORT}/`, config: CONFIG, prefix });
    box.start();
    await box.ready();
    await box.running.until("both paths", async () => {
      const body = await box.running.json<{ paths: { status: string }[] }>(
        "/api/v1/health/snapshot",
      );
      return body.paths.length === 2 && body.paths.every(({ status }) => status === "up");
    });
    await box.running.until("the plan in the kernel", () => {
      const command = [box.program, "routes", "show", "-c", box.config];
      return Bun.spawnSync(uplinks.box.command(command)).exitCode === 0;
    });
  }, 120_000);

  afterAll(async () => {
    await box?.sweep();
    server?.kill();
    await uplinks?.close();
    await site?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  test("moves no rule and no route, and a stream loses nothing", async () => {
    const watch = uplinks.box.command(["ip", "monitor", "route", "rule"]);
    const monitor = Bun.spawn(watch, { stdio: ["ignore", "pipe", "ignore"] });
    const ping = uplinks.box.command(["ping", "-q", "-i", "0.02", "-W", "1", TARGET]);
    const stream = Bun.spawn(ping, { stdio: ["ignore", "pipe", "ignore"] });
    await Bun.sleep(200);
    const applied = await box.update("apply", "--any-path", "--wait");
    expect([applied.code, applied.err]).toEqual([0, ""]);
    await box.settled(2);
    expect((await box.update("rollback")).code).toBe(0);
    await box.settled(1);
    await box.ready();
    await Bun.sleep(500);
    stream.kill("SIGINT");
    const summary = await new Response(stream.stdout).text();
    monitor.kill();
    const moved = await new Response(monitor.stdout).text();
    const [, sent = "0", heard = ""] =
      /(\d+) packets transmitted, (\d+) received/.exec(summary) ?? [];
    expect(Number(sent)).toBeGreaterThan(200);
    // The last one may be on its way when the stream ends.
    expect(Number(sent) - Number(heard)).toBeLessThanOrEqual(1);
    expect(moved).toBe("");
  }, 60_000);
});
