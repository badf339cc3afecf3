/** argv -> process. Every role and command loads only its own code; the only process.exit. */

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "worker": {
      const { runWorker } = await import("./worker/main.ts");
      return runWorker(rest);
    }
    case "controller": {
      const { runController } = await import("./controller/main.ts");
      return runController(rest);
    }
    case "run": {
      const { runSupervisor } = await import("./supervisor/main.ts");
      return runSupervisor(rest, async (flags) =>
        (await import("./cli/load-plan.ts")).loadPlan(flags),
      );
    }
    case "updater": {
      const { runUpdater } = await import("./updater/main.ts");
      return runUpdater();
    }
    default: {
      const { runCommand } = await import("./cli/main.ts");
      return runCommand(args);
    }
  }
}

process.exit(await main(Bun.argv.slice(2)));

export {};
