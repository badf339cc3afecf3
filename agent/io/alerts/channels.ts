/** Opens a channel. What it needs is loaded with its first message: mail alone costs 245 KB. */

import type { ChannelSender, OpenChannel } from "../../controller/alerts/ports.ts";
import type { HookRunner } from "../../controller/hooks/ports.ts";
import type { Clock } from "../../controller/ports.ts";
import type { ChannelConfig } from "../../domain/alerts.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Lookup } from "./places.ts";

export interface ChannelParts {
  readonly clock: Pick<Clock, "wall">;
  /** One per channel: each runs one program at a time. */
  createRunner(): Promise<HookRunner>;
  /** Default: the system's. */
  readonly lookup?: Lookup | undefined;
}

export function channelOpener(parts: ChannelParts): OpenChannel {
  return (config) => {
    let loaded: Promise<ChannelSender> | null = null;
    return async (message, signal) => {
      loaded ??= load(config, parts);
      return (await loaded)(message, signal);
    };
  };
}

async function load(config: ChannelConfig, parts: ChannelParts): Promise<ChannelSender> {
  switch (config.type) {
    case "webhook":
      return (await import("./webhook.ts")).webhookSender(config, parts);
    case "alertmanager":
      return (await import("./webhook.ts")).alertmanagerSender(config, parts);
    case "mail":
      return (await import("./mail.ts")).mailSender(config, parts.lookup);
    case "exec":
      return (await import("./exec.ts")).execSender(config, await parts.createRunner());
    default:
      return unreachable(config);
  }
}
