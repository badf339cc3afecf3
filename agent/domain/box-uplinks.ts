/** The ways out of a box as its kernel shows them, before anything is configured. */

export type LinkKind = "ethernet" | "wireless" | "ppp" | "wwan" | "tunnel";

export interface DefaultRoute {
  /** null: point to point. */
  readonly gateway: string | null;
  /** Lower is preferred. */
  readonly metric: number;
}

export interface BoxUplink {
  readonly device: string;
  readonly kind: LinkKind;
  /** null: no default route of this family. */
  readonly ipv4: DefaultRoute | null;
  readonly ipv6: DefaultRoute | null;
  /** Global ones, for the comments. */
  readonly addresses: readonly string[];
}

/** The one that the kernel prefers first. */
export function byPreference(uplinks: readonly BoxUplink[]): readonly BoxUplink[] {
  const rank = ({ ipv4, ipv6 }: BoxUplink) => ipv4?.metric ?? (ipv6?.metric ?? 0) + 2 ** 32;
  return [...uplinks].sort((a, b) => rank(a) - rank(b) || (a.device < b.device ? -1 : 1));
}
