/** The frame of the printable report: its style, for screen and paper. */

const STYLE = `
:root{--ink:#1d2733;--soft:#5b6775;--line:#d8dee6;--good:#2f8f5b;--bad:#c0392b;--none:#b5bec9;
--accent:#2b6cb0}
*{box-sizing:border-box}
body{font:14px/1.45 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:var(--ink);
background:#fff;max-width:800px;margin:0 auto;padding:32px 24px}
h1{font-size:24px;margin:0}h2{font-size:18px;margin:0 0 8px}h3{font-size:14px;margin:16px 0 4px}
h2 small{color:var(--soft);font-weight:400;font-size:13px}
header{border-bottom:2px solid var(--ink);padding-bottom:10px;margin-bottom:18px}
header p,footer p{color:var(--soft);margin:4px 0 0}
section{border-top:1px solid var(--line);padding-top:18px;margin-top:24px}
dl{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0 0 8px}
dt{color:var(--soft);font-size:12px}dd{margin:0;font-size:17px;font-weight:600}
table{border-collapse:collapse;width:100%;margin:8px 0 12px;font-variant-numeric:tabular-nums}
th{text-align:left;color:var(--soft);font-weight:500;font-size:12px}
th,td{padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
.badge{border-radius:3px;padding:1px 7px;color:#fff;font-size:12px;white-space:nowrap}
.badge.good{background:var(--good)}.badge.bad{background:var(--bad)}.badge.none{background:#7b8794}
.burn{margin:4px 0 8px;color:var(--soft)}
figure{margin:14px 0 0;break-inside:avoid}figcaption{font-weight:600;font-size:13px}
svg{width:100%;height:auto;display:block}
svg text{font-size:10px;fill:var(--soft)}svg .axis{text-anchor:end}svg .day{text-anchor:middle}
.grid{stroke:var(--line)}.target{stroke:var(--bad);stroke-dasharray:5 4}
rect.good{fill:var(--good)}rect.bad{fill:var(--bad)}rect.none{fill:var(--none)}
.line{fill:none;stroke:var(--accent);stroke-width:1.8}.dot{fill:var(--accent)}
.area{fill:var(--accent);opacity:.16}
footer{border-top:1px solid var(--line);margin-top:28px;font-size:12px}
tr{break-inside:avoid}
@media print{body{padding:0;max-width:none;font-size:12px}
.badge,rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}
section+section{break-before:page}}
`.replaceAll("\n", "");

/** `title` is text of ours, `body` is HTML that is safe already. */
export function htmlPage(title: string, body: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${title}</title><style>${STYLE}</style></head><body>${body}</body></html>\n`
  );
}
