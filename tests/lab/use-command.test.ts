/** `use PATH -- COMMAND`: which uplink a command's packets take, and what it leaves behind. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupRoot } from "../../agent/cli/use/cgroup.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { TARGETS, Uplinks } from "../support/lab/uplinks.ts";

const problem = namespaceProblem() ?? (groupRoot() === null ? "needs cgroup2" : null);
const MAIN = new URL("../../agent/main.ts", import.meta.url).pathname;
const LIMIT_MS = 30_000;
/** Tells from which address the kernel sends to the target, and what it refuses. */
const SOURCE = `
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
kind = socket.SOCK_STREAM if sys.argv[2] == "tcp" else socket.SOCK_DGRAM
s = socket.socket(family, kind)
s.settimeout(5)
try:
    s.connect((sys.argv[1], int(sys.argv[3])))
    print(s.getsockname()[0])
except OSError as error:
    print(error.errno)
`;

describe.skipIf(problem !== null)(`use (${problem ?? "as root"})`, () => {
  let uplinks: Uplinks;
  let folder = "";
  let before: readonly string[] = [];

  beforeAll(async () => {
    uplinks = await Uplinks.open({ purpose: "use", uplinks: [{}, { link: "tun" }, {}] });
    folder = mkdtempSync(join(tmpdir(), "plab-use-"));
    writeFileSync(join(folder, "agent.yaml"), configuration(folder));
    writeFileSync(join(folder, "source.py"), SOURCE);
    uplinks.box.exec(["ip", "-6", "route", "del", "default", "dev", "wan2"]);
  }, LIMIT_MS);
  afterAll(async () => {
    await uplinks?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    before = stateOf();
  });

  function stateOf(): readonly string[] {
    const commands = ["-4 rule", "-6 rule", "-4 route show table all", "-6 route show table all"];
    return commands.flatMap((one) =>
      uplinks.box
        .exec(["ip", ...one.split(" ")])
        .split("\n")
        .sort(),
    );
  }

  function groups(): readonly string[] {
    const root = groupRoot() ?? "/";
    return readdirSync(root).filter((name) => name.startsWith("patronus-use-"));
  }

  /** Not by `ip netns exec`, which mounts another /sys without the control groups. */
  function argv(path: string, command: readonly string[]): string[] {
    const entered = ["nsenter", `--net=/run/netns/${uplinks.box.name}`];
    const config = join(folder, "agent.yaml");
    return [...entered, process.execPath, MAIN, "use", "-c", config, path, "--", ...command];
  }

  function use(path: string, ...command: readonly string[]) {
    const { exitCode, stdout, stderr } = Bun.spawnSync(argv(path, command));
    return { exitCode, out: stdout.toString().trim(), problems: stderr.toString().trim() };
  }

  const source = (path: string, target: string, kind = "udp", port = "9") =>
    use(path, "python3", join(folder, "source.py"), target, kind, port).out;

  test.each([
    ["fiber", "10.81.0.2", "fd81::2"],
    ["tunnel", "10.82.0.2", "fd82::2"],
  ])(
    "a command's packets leave by %s, IPv4 and IPv6",
    (path, address4, address6) => {
      expect(source(path, TARGETS[4][0])).toBe(address4);
      expect(source(path, TARGETS[6][0])).toBe(address6);
      expect(stateOf()).toEqual(before);
      expect(groups()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "packets really come by that uplink, ICMP too",
    () => {
      const seen = (name: "a" | "b") =>
        Number(
          uplinks.internet
            .exec(["cat", `/sys/class/net/${uplinks.uplink(name).behind}/statistics/rx_packets`])
            .trim(),
        );
      const [a, b] = [seen("a"), seen("b")];
      const ping = use("tunnel", "ping", "-q", "-c", "50", "-i", "0.01", TARGETS[4][0]);
      expect(ping.out).toContain(" 0% packet loss");
      expect(seen("b") - b).toBeGreaterThanOrEqual(50);
      expect(seen("a") - a).toBeLessThan(20);
    },
    LIMIT_MS,
  );

  test(
    "a family that the path does not have leaves by no other one",
    () => {
      const ENETUNREACH = "101";
      const EHOSTUNREACH = "113";
      expect(source("bare", TARGETS[4][0])).toBe("10.83.0.2");
      expect([ENETUNREACH, EHOSTUNREACH]).toContain(source("bare", TARGETS[6][0]));
    },
    LIMIT_MS,
  );

  test(
    "local services and neighbours are reached as ever",
    () => {
      const listener = Bun.spawn(
        uplinks.box.command(["python3", "-m", "http.server", "8053", "--bind", "127.0.0.1"]),
        { stdout: "ignore", stderr: "ignore" },
      );
      try {
        const tries = `for i in 1 2 3 4 5 6 7 8 9; do
        r=$(python3 ${join(folder, "source.py")} 127.0.0.1 tcp 8053)
        [ "$r" = 127.0.0.1 ] && echo $r && exit 0; sleep 0.2; done`;
        expect(use("tunnel", "sh", "-c", tries).out).toBe("127.0.0.1");
        expect(source("tunnel", "10.81.0.1")).toBe("10.81.0.2");
      } finally {
        listener.kill("SIGKILL");
      }
    },
    LIMIT_MS,
  );

  test(
    "the exit code is the command's",
    () => {
      expect(use("fiber", "sh", "-c", "exit 7").exitCode).toBe(7);
      expect(use("fiber", "sh", "-c", "kill -TERM $$").exitCode).toBe(143);
      expect(use("fiber", "/does/not/exist").exitCode).toBe(127);
      expect(use("none", "true")).toMatchObject({ exitCode: 2 });
      expect(use("fiber").exitCode).toBe(2);
      expect(use("unbound", "true")).toMatchObject({ exitCode: 2 });
      expect(stateOf()).toEqual(before);
    },
    LIMIT_MS,
  );

  test(
    "several commands at once each have their own path",
    async () => {
      const sleeper = Bun.spawn(argv("fiber", ["sh", "-c", "echo up; exec sleep 3"]), {
        stdout: "pipe",
      });
      await sleeper.stdout.getReader().read();
      expect(source("tunnel", TARGETS[4][0])).toBe("10.82.0.2");
      sleeper.kill("SIGTERM");
      expect(await sleeper.exited).toBe(143);
      expect(stateOf()).toEqual(before);
    },
    LIMIT_MS,
  );

  test(
    "what a killed one leaves is removed by the next",
    async () => {
      const killed = Bun.spawn(argv("fiber", ["sleep", "0.7"]), { stdout: "ignore" });
      for (let turn = 0; turn < 400 && groups().length === 0; turn++) await Bun.sleep(5);
      for (let turn = 0; turn < 400 && !hasMember(); turn++) await Bun.sleep(5);
      killed.kill("SIGKILL");
      await killed.exited;
      expect(stateOf()).not.toEqual(before);
      expect(use("tunnel", "true").exitCode).toBe(0);
      // The command itself still runs, by its path.
      expect(stateOf()).not.toEqual(before);
      await Bun.sleep(800);
      expect(use("tunnel", "true").exitCode).toBe(0);
      expect(stateOf()).toEqual(before);
      expect(groups()).toEqual([]);
    },
    LIMIT_MS,
  );

  function hasMember(): boolean {
    const [name] = groups();
    const file = join(groupRoot() ?? "/", name ?? "", "cgroup.procs");
    return name !== undefined && existsSync(file) && memberCount(file) >= 2;
  }

  test(
    "a child in the background keeps the path until it ends",
    async () => {
      const script = `(sleep 1; python3 ${join(folder, "source.py")} ${TARGETS[4][0]} udp 9 \
      > ${folder}/late) >/dev/null 2>&1 &`;
      const first = use("tunnel", "sh", "-c", script);
      expect(first.problems).toContain("still run");
      const file = join(folder, "late");
      const late = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
      for (let turn = 0; turn < 200 && late() === ""; turn++) await Bun.sleep(50);
      await Bun.sleep(100);
      expect(late()).toBe("10.82.0.2\n");
      expect(use("fiber", "true").exitCode).toBe(0);
      expect(stateOf()).toEqual(before);
    },
    LIMIT_MS,
  );
});

function memberCount(file: string): number {
  const { stdout } = Bun.spawnSync(["cat", file]);
  return stdout.toString().trim().split("\n").length;
}

function configuration(folder: string): string {
  return `
storage: { path: ${folder}/state/patronus.db }
http: { listen: ~, socket: ${folder}/agent.sock }
paths:
  - { id: fiber, interface: wan0, targets: [10.77.0.1] }
  - { id: tunnel, interface: wan1, gateway: none, targets: [10.77.0.1] }
  - { id: bare, interface: wan2, targets: [10.77.0.1] }
  - { id: unbound, targets: [10.77.0.1] }
`;
}
