/** The state of updates as it is shown: what the supervisor said and what the controller knows. */

import type { UpdateConfig } from "../../domain/update.ts";
import { TARGET, VERSION } from "../../domain/version.ts";
import type { UpdateBody } from "../../io/http/update-view.ts";
import { RELEASE } from "../../update/root-keys.ts";
import type { Offer } from "../../update/trust.ts";
import { choosePayload } from "../../update/trust.ts";
import type { UpdateReport } from "../../wire/update-frames.ts";

export interface BodyInputs {
  readonly config: UpdateConfig;
  readonly report: UpdateReport | null;
  readonly activity: "idle" | "checking" | "downloading";
  readonly lastCheck: UpdateBody["last_check"];
  readonly offer: Extract<Offer, { kind: "offered" }> | null;
  readonly octets: number | null;
  readonly loaded: number;
  readonly waiting: string | null;
}

export function updateBody(inputs: BodyInputs): UpdateBody {
  const { config, report, activity, offer } = inputs;
  return {
    enabled: config.url !== null,
    channel: config.channel,
    automatic: config.automatic,
    running: { version: VERSION, release: RELEASE, target: TARGET, sha256: report?.sha256 ?? null },
    activity: activity === "idle" ? (report?.activity ?? "idle") : activity,
    available: offer === null ? null : availableBody(offer, report?.sha256 ?? ""),
    loaded_octets: activity === "downloading" ? inputs.loaded : null,
    last_check: inputs.lastCheck,
    waiting: inputs.waiting,
    trial: report?.trial ?? null,
    previous: namesOf(report?.previous ?? null),
    highest_release: report?.highest_release ?? 0,
    min_release: report?.min_release ?? 0,
    keys_version: report?.keys_version ?? 0,
    refused: (report?.bad ?? []).map(({ release, version, sha256, reason }) => {
      return { release, version, sha256, reason };
    }),
    steps: report?.steps ?? [],
  };
}

function availableBody(
  { manifest, files }: Extract<Offer, { kind: "offered" }>,
  runningSha256: string,
): UpdateBody["available"] {
  const { kind, payload } = choosePayload(files, runningSha256);
  return { version: manifest.version, release: manifest.release, how: kind, octets: payload.size };
}

function namesOf(previous: UpdateReport["previous"]): UpdateBody["previous"] {
  return previous === null ? null : { release: previous.release, version: previous.version };
}
