/**
 * Each sentence about rights, proved by the kernel: /proc of every thread of the compiled agent,
 * its environment and its descriptors. Root, because only then are there rights to give away.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, scratchFolder, startAgent } from "../support/agent.ts";
import {
  descriptorsOf,
  environmentOf,
  rightsOf,
  socketsOf,
  unixListenersOf,
} from "../support/privileges.ts";

const CAP = { netBindService: 10, netAdmin: 12, netRaw: 13 } as const;
const NETWORK_CAPS = (1 << CAP.netAdmin) | (1 << CAP.netRaw);
/** CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID, SETPCAP and what the worker may get. */
const SUPERVISOR_CAPS = [0, 1, 3, 5, 6, 7, 8, 10, 12, 13].reduce((set, cap) => set | (1 << cap), 0);
const PATHS = "paths: [{ id: one, targets: [127.0.0.1] }, { id: six, targets: ['::1'] }]\n";
/** A user as a unit names it, and the number that stands in for the user `patronus`. */
const SUPER = 59_400;
const CONTROLLER = 59_477;
const ROUTED = `
paths:
  - { id: a, interface: lo, targets: [127.0.0.1] }
  - { id: b, interface: lo, targets: [127.0.0.2] }
policies: [{ id: 1, name: web, primary: a, backups: [b], route: { match: [{ to: default }] } }]
`;

interface Status {
  readonly problems: readonly string[];
  readonly processes: { readonly separation: string } | null;
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("rights of the three processes (skipped: needs root)", () => {
  let agent: RunningAgent;
  let pids: { supervisor: number; controller: number; worker: number };

  beforeAll(async () => {
    agent = startAgent({
      config: PATHS,
      environment: {
        BUN_OPTIONS: "--smol",
        NODE_OPTIONS: "--no-warnings",
        LD_LIBRARY_PATH: "/nonexistent",
        PATRONUS_TEST_SECRET: "s3cret",
        NOTIFY_SOCKET: "@patronus-test-nobody-listens",
        TZ: "UTC",
      },
    });
    await agent.until("serving", async () => (await agent.get("/healthz")).ok);
    await agent.until("probing", async () => (await agent.get("/readyz")).ok, 30_000);
    const [controller, worker] = [agent.pidOf("controller"), agent.pidOf("worker")];
    pids = {
      supervisor: agent.supervisorPid(),
      controller: controller ?? -1,
      worker: worker ?? -1,
    };
  }, 60_000);

  afterAll(async () => agent.sweep());

  test("the controller has no capability on any thread and its own user", () => {
    const threads = rightsOf(pids.controller);
    expect(threads.length).toBeGreaterThan(0);
    for (const thread of threads) {
      expect(thread).toMatchObject({
        permitted: 0,
        effective: 0,
        inheritable: 0,
        ambient: 0,
        noNewPrivs: 1,
        groups: [],
      });
      expect(thread.bounding & ~SUPERVISOR_CAPS).toBe(0);
      expect(new Set(thread.uids).size).toBe(1);
      expect(thread.uids[0]).not.toBe(0);
      expect(thread.gids[0]).not.toBe(0);
    }
  });

  test("the worker has NET_ADMIN and NET_RAW, nothing else, and another user", () => {
    const controller = rightsOf(pids.controller)[0];
    for (const thread of rightsOf(pids.worker)) {
      expect(thread).toMatchObject({
        permitted: NETWORK_CAPS,
        effective: NETWORK_CAPS,
        inheritable: NETWORK_CAPS,
        ambient: NETWORK_CAPS,
        noNewPrivs: 1,
        groups: [],
      });
      expect(thread.uids).not.toContain(0);
      expect(thread.uids[0]).not.toBe(controller?.uids[0]);
      expect(thread.gids[0]).not.toBe(controller?.gids[0]);
    }
  });

  test("the supervisor keeps ten capabilities, on every thread, and can gain none", () => {
    for (const thread of rightsOf(pids.supervisor)) {
      expect(thread).toMatchObject({
        permitted: SUPERVISOR_CAPS,
        effective: SUPERVISOR_CAPS,
        bounding: SUPERVISOR_CAPS,
        inheritable: 0,
        ambient: 0,
        noNewPrivs: 1,
        groups: [],
      });
    }
  });

  test("the supervisor has no socket to the network and accepts no connection", () => {
    expect(new Set(socketsOf(pids.supervisor))).toEqual(new Set(["unix"]));
    expect(unixListenersOf(pids.supervisor)).toEqual([]);
  });

  test("only the worker has raw, datagram and netlink sockets; only the controller listens", () => {
    const worker = new Set(socketsOf(pids.worker));
    const controller = new Set(socketsOf(pids.controller));
    expect([...worker].some((table) => /^(icmp|raw|udp)/.test(table))).toBe(true);
    expect([...worker].filter((table) => table.startsWith("tcp"))).toEqual([]);
    expect(unixListenersOf(pids.worker)).toEqual([]);
    expect([...controller].filter((table) => /^(raw|icmp|packet|netlink)/.test(table))).toEqual([]);
    expect(unixListenersOf(pids.controller)).toEqual([agent.socket]);
  });

  test("no process sees the environment of the start but what is listed", () => {
    const listed = /^(PATH|TERM|NO_COLOR|LANG|TZ|JOURNAL_STREAM|TMPDIR|COLUMNS)$/;
    for (const pid of [pids.controller, pids.worker]) {
      const environment = environmentOf(pid);
      const foreign = Object.keys(environment).filter(
        (name) => !listed.test(name) && !/^BUN_(JSC_|GC_TIMER_DISABLE$)/.test(name),
      );
      expect(foreign).toEqual([]);
      expect(environment["TZ"]).toBe("UTC");
    }
    expect(environmentOf(pids.supervisor)).toMatchObject({
      NOTIFY_SOCKET: "@patronus-test-nobody-listens",
    });
    for (const pid of Object.values(pids)) {
      const environment = environmentOf(pid);
      for (const name of ["BUN_OPTIONS", "NODE_OPTIONS", "LD_LIBRARY_PATH"]) {
        expect(environment[name]).toBeUndefined();
      }
      expect(environment["PATRONUS_TEST_SECRET"]).toBeUndefined();
    }
  });

  test("neither child can open the memory of another process", async () => {
    const uid = rightsOf(pids.controller)[0]?.uids[0] ?? 0;
    const read = (as: number, pid: number) =>
      Bun.spawnSync([
        ...["setpriv", `--reuid=${as}`, `--regid=${as}`, "--clear-groups"],
        ...["cat", `/proc/${pid}/environ`],
      ]);
    for (const pid of [pids.supervisor, pids.worker]) {
      expect(read(0, pid).exitCode).toBe(0); // so the next line can fail for one reason only
      expect(read(uid, pid).stderr.toString()).toContain("Permission denied");
    }
  });

  test("the children hold no descriptor of the database, the lock or the plan of another", () => {
    const worker = descriptorsOf(pids.worker).filter((path) => path.startsWith("/"));
    expect(worker.filter((path) => !path.startsWith("/dev/") && path !== FILE)).toEqual([]);
    const supervisor = descriptorsOf(pids.supervisor).filter((path) => path.endsWith(".db"));
    expect(supervisor).toEqual([]);
  });

  test("all is well, so nothing is degraded", async () => {
    const { problems, processes } = await agent.json<Status>("/api/v1/status");
    expect(problems).toEqual([]);
    expect(processes?.separation).toBe("users");
  });
});

describe.skipIf(!isRoot)("rights that depend on the start (skipped: needs root)", () => {
  const agents: RunningAgent[] = [];

  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.sweep();
  });

  async function start(options: Parameters<typeof startAgent>[0]): Promise<RunningAgent> {
    const agent = startAgent(options);
    agents.push(agent);
    await agent.until("serving", async () => (await agent.get("/healthz")).ok);
    return agent;
  }

  test("a reflector below port 1024 gives the worker NET_BIND_SERVICE too", async () => {
    const agent = await start({ config: `${PATHS}reflector: { listen: "127.0.0.1:862" }\n` });
    const wanted = NETWORK_CAPS | (1 << CAP.netBindService);
    for (const thread of rightsOf(agent.pidOf("worker") ?? -1)) {
      expect(thread).toMatchObject({ effective: wanted, ambient: wanted });
    }
  });

  test("without SETUID the processes share a user, and status and log say so", async () => {
    const agent = await start({
      config: PATHS,
      prefix: ["setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-all"],
    });
    const { problems, processes } = await agent.json<Status>("/api/v1/status");
    expect(processes?.separation).toBe("shared");
    expect(problems.join("\n")).toContain("processes share one user: root without capabilities");
    expect(agent.output).toContain("processes share one user");
    for (const thread of rightsOf(agent.pidOf("controller") ?? -1)) {
      expect(thread).toMatchObject({ effective: 0, permitted: 0 });
    }
  });

  test("started by a service manager as another user, the three still have users of their own", async () => {
    const folder = scratchFolder();
    for (const name of ["state", "run"]) {
      mkdirSync(`${folder}/${name}`);
      chownSync(`${folder}/${name}`, SUPER, CONTROLLER);
    }
    const capabilities = "+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_admin,+net_raw";
    const agent = await start({
      config: PATHS,
      folder,
      prefix: [
        ...["setpriv", `--reuid=${SUPER}`, `--regid=${CONTROLLER}`, "--clear-groups"],
        ...[`--bounding-set=-all,${capabilities}`, `--inh-caps=${capabilities}`],
        `--ambient-caps=${capabilities}`,
      ],
    });
    const { problems, processes } = await agent.json<Status>("/api/v1/status");
    expect(problems).toEqual([]);
    expect(processes?.separation).toBe("users");
    // The runtime's helper threads keep their ambient sets; only the first thread ever spawns.
    const [first] = rightsOf(agent.supervisorPid());
    expect(first).toMatchObject({ ambient: 0, inheritable: 0, noNewPrivs: 1, groups: [] });
    expect(first?.uids[0]).toBe(SUPER);
    for (const thread of rightsOf(agent.pidOf("controller") ?? -1)) {
      expect(thread).toMatchObject({ effective: 0, permitted: 0, ambient: 0, noNewPrivs: 1 });
      expect([thread.uids[0], thread.gids[0]]).toEqual([CONTROLLER, CONTROLLER]);
    }
    for (const thread of rightsOf(agent.pidOf("worker") ?? -1)) {
      expect(thread).toMatchObject({ effective: NETWORK_CAPS, permitted: NETWORK_CAPS });
      expect([0, SUPER, CONTROLLER]).not.toContain(thread.uids[0]);
    }
    process.kill(agent.pidOf("worker") ?? -1, "SIGSTOP");
    expect(await agent.stop()).toBe(0); // it may kill a child of another user
  }, 20_000);

  test("without NET_ADMIN a policy with routes only decides, and status and log say so", async () => {
    const agent = await start({
      config: ROUTED,
      prefix: ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-all"],
    });
    const sentence = "routes are not changed: CAP_NET_ADMIN is missing";
    const { problems } = await agent.json<Status>("/api/v1/status");
    expect(problems.join("\n")).toContain(sentence);
    expect(agent.output).toContain(sentence);
  });

  test("an environment that switches the JIT off is dropped, and the agent runs", async () => {
    const agent = await start({ config: PATHS, environment: { BUN_JSC_useJIT: "0" } });
    expect(environmentOf(agent.supervisorPid())["BUN_JSC_useJIT"]).toBeUndefined();
  });

  test("a kernel that forbids the JIT ends the start with 78 and one sentence", async () => {
    const agent = startAgent({ config: PATHS, prefix: [process.execPath, "-e", DENY_JIT, "--"] });
    agents.push(agent);
    expect(await agent.process.exited).toBe(78);
    await agent.until("explained", () => agent.output.includes("is the JIT off"));
    expect(agent.output.trim().split("\n").length).toBe(1);
  });
});

/** PR_SET_MDWE (65), what MemoryDenyWriteExecute= does, then the program. */
const DENY_JIT = `
const { dlopen } = require("bun:ffi");
const libc = dlopen("libc.so.6", {
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
}).symbols;
const command = process.argv.slice(1);
if (libc.prctl(65, 1n, 0n, 0n, 0n) !== 0) throw new Error("no PR_SET_MDWE");
process.execve(command[0], command, process.env);
`;
