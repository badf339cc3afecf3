/**
 * Alerts to a program: what happened is in its environment. Exit code 0 is a delivery, 75
 * (EX_TEMPFAIL of sysexits.h) asks for another try, every other one is a refusal.
 */

import type { ChannelSender } from "../../controller/alerts/ports.ts";
import type { HookRunner } from "../../controller/hooks/ports.ts";
import type { Delivery } from "../../controller/queue/ports.ts";
import type { ExecChannel, Message } from "../../domain/alerts.ts";
import { unreachable } from "../../domain/invariant.ts";
import { micros, US_PER_S } from "../../domain/units.ts";
import { chatText, oneLine, subjectOf } from "./text.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const EX_TEMPFAIL = 75;
/** Linux takes 128 KiB for one variable. */
const JSON_MAX = 120_000;

export function execSender(config: ExecChannel, runner: HookRunner): ChannelSender {
  const timeout = micros(config.timeout_secs * US_PER_S);
  return async (message, signal) => {
    const kill = () => runner.kill();
    signal.addEventListener("abort", kill, { once: true });
    const environment = environmentOf(message);
    const end = await runner.run({ command: config.exec, environment, timeout });
    signal.removeEventListener("abort", kill);
    switch (end.kind) {
      case "exited":
        return exited(end.code, oneLine(end.output));
      case "signalled":
        return retry(`it was killed by ${end.signal}`);
      case "timed-out":
        return retry(`it did not end within ${config.timeout_secs} s`);
      case "not-started":
        return retry(`it cannot be started: ${end.reason}`);
      default:
        return unreachable(end);
    }
  };
}

function retry(reason: string): Delivery {
  return { kind: "retry", afterMs: null, reason };
}

function exited(code: number, output: string): Delivery {
  if (code === 0) return { kind: "delivered" };
  const said = output === "" ? "" : `: ${output}`;
  if (code === EX_TEMPFAIL) return retry(`it asked for another try${said}`);
  return { kind: "permanent", status: code, text: output };
}

function environmentOf(message: Message): Record<string, string> {
  const [first] = message.alerts;
  const json = JSON.stringify(message);
  return {
    PATH,
    LANG: "C.UTF-8",
    PATRONUS_ALERT_ID: message.id,
    PATRONUS_ALERT_STATUS: message.status,
    PATRONUS_ALERT_SEVERITY: message.severity,
    PATRONUS_ALERT_COUNT: `${message.alerts.length}`,
    PATRONUS_ALERT_SUMMARY: subjectOf(message),
    PATRONUS_ALERT_TEXT: chatText(message),
    PATRONUS_ALERT_TYPE: first?.type ?? "",
    PATRONUS_ALERT_PATH: first?.path_id ?? "",
    PATRONUS_ALERT_POLICY: first?.policy_id == null ? "" : `${first.policy_id}`,
    PATRONUS_ALERT_TIME_MS: `${message.created_at_ms}`,
    PATRONUS_NODE_ID: oneLine(message.node_id),
    // Longer than this it is empty, never cut in the middle.
    PATRONUS_ALERT_JSON: json.length > JSON_MAX ? "" : json,
  };
}
