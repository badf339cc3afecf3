/**
 * Which exposition format and encoding a scraper gets (RFC 9110 12.5). Prometheus lists several
 * with weights, curl and browsers ask for anything and get text 0.0.4. Who accepts nothing of ours
 * gets that too: a refusal would take the target down.
 */

export type Syntax = "text" | "openmetrics";

export interface Format {
  readonly syntax: Syntax;
  readonly contentType: string;
}

interface Offer {
  readonly mediaType: string;
  readonly syntax: Syntax;
  /** The first is meant when none is named. */
  readonly versions: readonly string[];
}

const OFFERS: readonly Offer[] = [
  { mediaType: "text/plain", syntax: "text", versions: ["0.0.4", "1.0.0"] },
  {
    mediaType: "application/openmetrics-text",
    syntax: "openmetrics",
    versions: ["1.0.0", "0.0.1"],
  },
];

export const TEXT_0_0_4: Format = {
  syntax: "text",
  contentType: "text/plain; version=0.0.4; charset=utf-8",
};

/** Our names are plain, so every scheme of escaping leaves them as they are. */
const ESCAPINGS = new Set(["allow-utf-8", "underscores", "dots", "values"]);

interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

export function chooseFormat(accept: string | null): Format {
  let best: { format: Format; weight: number } = { format: TEXT_0_0_4, weight: 0 };
  for (const range of parseRanges(accept ?? "")) {
    const format = formatFor(range);
    if (format !== null && range.weight > best.weight) best = { format, weight: range.weight };
  }
  return best.format;
}

function formatFor(range: Range): Format | null {
  if (range.type === "*/*" || range.type === "text/*") return TEXT_0_0_4;
  const offer = OFFERS.find(({ mediaType }) => mediaType === range.type);
  const version = range.parameters.get("version") ?? offer?.versions[0] ?? "";
  if (offer === undefined || !offer.versions.includes(version)) return null;
  const escaping = range.parameters.get("escaping") ?? "";
  // Only the newest version of each format knows the parameter.
  const escapes = version === "1.0.0" && ESCAPINGS.has(escaping);
  const suffix = escapes ? `; escaping=${escaping}` : "";
  const contentType = `${offer.mediaType}; version=${version}; charset=utf-8${suffix}`;
  return { syntax: offer.syntax, contentType };
}

/** Does the client take gzip? `gzip;q=0` is a no. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const ranges = parseRanges(acceptEncoding ?? "");
  const named = ranges.find(({ type }) => type === "gzip" || type === "x-gzip");
  return (named ?? ranges.find(({ type }) => type === "*") ?? { weight: 0 }).weight > 0;
}

function parseRanges(header: string): Range[] {
  return header
    .split(",")
    .map((part) => part.split(";").map((piece) => piece.trim()))
    .filter(([type]) => type !== undefined && type !== "")
    .map(([type = "", ...pieces]) => {
      const parameters = new Map(pieces.map(parseParameter));
      const weight = Number(parameters.get("q") ?? 1);
      return { type: type.toLowerCase(), parameters, weight: Math.max(weight, 0) };
    });
}

function parseParameter(piece: string): [string, string] {
  const [name = "", value = ""] = piece.split("=", 2);
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, "$1")];
}
