/** Alerts as sentences, and the keys that tell them apart. */

import type { AlertType } from "../../domain/alerts.ts";
import type { PathId } from "../../domain/ids.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { Facts } from "./conditions.ts";
import type { AlertSettings } from "./input.ts";

export function conditionKey(type: AlertType, subject: string): string {
  return `${type}:${subject}`;
}

type Names = Pick<AlertSettings, "paths" | "policies">;

/** `to`: where traffic went; null: nowhere, or nothing moved. */
export function describe(facts: Facts, to: PathId | null, names: Names): string {
  const { type, cause, subject } = facts;
  const path = facts.path === null ? "" : pathName(facts.path, names);
  const policy = facts.policy === null ? "" : policyName(facts.policy, names);
  const why = cause === "" ? "" : `: ${cause}`;
  switch (type) {
    case "all-down":
      return `no path of ${policy} works`;
    case "link-down":
      return `the link of path ${path} is down${why}`;
    case "path-down":
      return `path ${path} is down${why}`;
    case "path-degraded":
      return `path ${path} is not well${cause === "" ? "" : `, ${cause}`}`;
    case "failover": {
      const from = path === "" ? "its primary" : path;
      return `${policy} left ${from}${to === null ? "" : ` for ${pathName(to, names)}`}${why}`;
    }
    case "failover-failed":
      return `${policy} could not be moved${why}`;
    case "budget-burn":
      return `the error budget of ${subject} burns too fast${why}`;
    case "worker-restart":
      return `the ${subject} process was started again${why}`;
    case "store-trouble":
      return `the ${subject} is not stored${why}`;
    case "update-trouble":
      return `the update failed${why}`;
    default:
      return unreachable(type);
  }
}

/** The name, with the id where they differ. */
function pathName(id: PathId, { paths }: Names): string {
  const name = paths.find((path) => path.id === id)?.name ?? id;
  return name === id ? id : `${name} (${id})`;
}

function policyName(id: number, { policies }: Names): string {
  const name = policies.find((policy) => policy.id === id)?.name;
  return name === undefined ? `policy ${id}` : `policy ${name}`;
}
