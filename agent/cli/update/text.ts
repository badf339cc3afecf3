/** The state of updates in words. */

import type { UpdateStep } from "../../domain/update.ts";
import type { UpdateBody } from "../../io/http/update-view.ts";
import { sanitize } from "../../io/log.ts";

export function updateLines(body: UpdateBody): string[] {
  const { running, available, trial, previous, last_check: check } = body;
  const name = ({ version, release }: { version: string; release: number }) =>
    `${version} (release ${release})`;
  return [
    `running    ${name(running)}, ${running.target}`,
    ...(body.enabled ? [] : ["server     none: set update.url"]),
    ...(check === null ? [] : [`checked    ${time(check.at)}: ${checkText(check)}`]),
    ...(available === null
      ? []
      : [`available  ${name(available)}, ${size(available.octets)} ${howText(available.how)}`]),
    ...(body.waiting === null ? [] : [`waits      ${sanitize(body.waiting)}`]),
    ...(body.activity === "idle" ? [] : [`now        ${progressLine(body)}`]),
    ...(trial === null ? [] : [`trial      of ${name(trial)}, ${trial.ends_in_secs} s to go`]),
    ...(previous === null ? [] : [`before     ${name(previous)}: update rollback leads there`]),
    ...body.refused.map(
      (file) => `refused    ${name(file)}, never tried again: ${sanitize(file.reason)}`,
    ),
    ...body.steps.slice(-5).map((step) => `step       ${stepText(step)}`),
  ];
}

export function progressLine(body: UpdateBody): string {
  const { activity, available, loaded_octets: loaded } = body;
  if (activity !== "downloading" || available === null) return activity;
  return `downloading ${size(loaded ?? 0)} of ${size(available.octets)}`;
}

export function stepText({ at, step, release, version, detail }: UpdateStep): string {
  const what = release === 0 ? "" : ` ${version} (release ${release})`;
  return `${time(at)} ${step}${what}${detail === "" ? "" : `: ${sanitize(detail)}`}`;
}

function checkText({ outcome, reason }: NonNullable<UpdateBody["last_check"]>): string {
  if (outcome === "current") return "nothing newer";
  if (outcome === "offered") return "a newer release";
  return `${outcome}: ${sanitize(reason)}`;
}

function howText(how: "delta" | "full"): string {
  return how === "delta" ? "to load (delta)" : "to load (whole file)";
}

function size(octets: number): string {
  if (octets < 1_000) return `${octets} B`;
  return octets < 1e6 ? `${(octets / 1e3).toFixed(1)} kB` : `${(octets / 1e6).toFixed(1)} MB`;
}

function time(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 19).replace("T", " ");
}
