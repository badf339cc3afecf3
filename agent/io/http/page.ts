/**
 * The page at `/`: the paths as a table, made on the server, without script. Hono's `html` escapes
 * every value; the policy of the page names the digest of its style and allows nothing else.
 */

import { html, raw } from "hono/html";
import { fixed, megabytes, milliseconds } from "../../domain/amount.ts";
import type { PathHealth } from "../../domain/path-health.ts";
import type { Status } from "../../domain/status.ts";
import type { AgentStatus, HealthSnapshot } from "./view.ts";

export type Html = ReturnType<typeof html>;

const REFRESH_S = 5;
/** More rows make the page useless; the API has them all. */
const ROWS_MAX = 500;

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 14%, transparent);
  --dim: color-mix(in srgb, currentColor 60%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }
h1 { font-size: 1.25rem; margin: 0; }
header, footer { color: var(--dim); }
header h1 { color: CanvasText; }
table { border-collapse: collapse; margin: 1.5rem 0; width: 100%; }
th { color: var(--dim); font-size: .8rem; font-weight: 500; text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: .5rem .75rem .5rem 0; }
.n { font-variant-numeric: tabular-nums; text-align: right; }
small { color: var(--dim); display: block; }
.s::before { background: var(--c); border-radius: 50%; content: ""; display: inline-block;
  height: .6rem; margin-right: .5rem; width: .6rem; }
.up { --c: #2e9e5b; } .degraded { --c: #d99a1c; } .down { --c: #d23f3f; } .unknown { --c: #8a8f98; }
.problems { border-left: 3px solid #d99a1c; list-style: none; padding: .25rem 1rem; }
.n, .s { white-space: nowrap; }
@media (max-width: 640px) { .wide { display: none; } }
`;

const STYLE_DIGEST = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");

export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_DIGEST}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `more`: what stands below the paths. */
export function statusPage(
  snapshot: HealthSnapshot,
  status: AgentStatus,
  more: Html | string = "",
): Html {
  const shown = snapshot.paths.slice(0, ROWS_MAX);
  const hidden = snapshot.paths.length - shown.length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<link rel="icon" href="data:,">
<title>${status.node.id} - patronus-agent</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header><h1>${status.node.id}</h1>${summary(snapshot)}</header>
${problemList(status.problems)}
<table>
<thead><tr><th>Path</th><th>Status</th><th class="n">Score</th><th class="n">Latency</th>
<th class="n">Loss</th><th class="n wide">Jitter</th><th class="wide">Limited by</th>
<th class="wide">Target</th></tr></thead>
<tbody>${shown.map(pathRow)}</tbody>
</table>
${more}
<footer>${hidden > 0 ? `${hidden} more paths in the API. ` : ""}${timeOf(snapshot)},
patronus-agent ${status.version}</footer>
</body>
</html>`;
}

function summary({ paths }: HealthSnapshot): string {
  const count = (wanted: Status) => paths.filter(({ status }) => status === wanted).length;
  const shown: readonly Status[] = ["up", "degraded", "down", "unknown"];
  return shown.map((status) => `${count(status)} ${status}`).join(", ");
}

function problemList(problems: readonly string[]): Html | string {
  if (problems.length === 0) return "";
  return html`<ul class="problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`;
}

function pathRow(path: PathHealth): Html {
  return html`<tr>
<td>${path.name}<small>${placeOf(path)}</small></td>
<td><span class="s ${path.status}">${path.status}</span></td>
<td class="n">${fixed(path.health_score, 0, "")}</td>
<td class="n">${milliseconds(path.latency_ms, " ms")}</td>
<td class="n">${fixed(path.packet_loss_pct, 1, " %")}</td>
<td class="n wide">${milliseconds(path.jitter_ms, " ms")}</td>
<td class="wide">${limitedBy(path)}</td>
<td class="wide">${targetOf(path)}<small>${monthly(path)}</small></td>
</tr>
`;
}

function limitedBy({ limiting, probe_blocked }: PathHealth): string {
  if (probe_blocked) return "probes blocked";
  return limiting === "none" ? "" : limiting;
}

function targetOf(path: PathHealth): string {
  const suspects = path.targets.flatMap(({ host, suspect }) => (suspect ? [host] : []));
  const shown = path.target ?? path.targets[0]?.host ?? "";
  return suspects.length === 0 ? shown : `${shown} (suspect: ${suspects.join(", ")})`;
}

function monthly(path: PathHealth): string {
  return megabytes(path.probe_octets_month, " MB a month");
}

function placeOf({ path_id, interface: device }: PathHealth): string {
  return device === null ? path_id : `${path_id} on ${device}`;
}

function timeOf({ timestamp }: HealthSnapshot): string {
  return utcTime(timestamp);
}

/** 2026-11-23 16:50:00 UTC */
export function utcTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace("T", " ").replace(/\..*/, " UTC");
}
