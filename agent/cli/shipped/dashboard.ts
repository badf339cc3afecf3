/** The Grafana dashboard as JSON, ready to be provisioned: no id, a stable uid, any data source. */

import type { Panel, Query } from "./panels.ts";
import { ANNOTATION, ROWS, VARIABLES } from "./panels.ts";

const COLUMNS = 24;
const DATASOURCE = { type: "prometheus", uid: "$" + "{datasource}" } as const;

export function grafanaDashboard(): object {
  return {
    ...{ id: null, uid: "patronus-agent", title: "Patronus: paths and failover" },
    ...{ tags: ["patronus", "sdwan"], schemaVersion: 39, version: 1, editable: true },
    ...{ refresh: "30s", time: { from: "now-6h", to: "now" }, timezone: "browser" },
    templating: { list: [datasourceVariable(), ...VARIABLES.map(variable)] },
    annotations: { list: [failovers()] },
    panels: placed(),
  };
}

function datasourceVariable(): object {
  return { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" };
}

function variable({ name, query }: (typeof VARIABLES)[number]): object {
  return {
    ...{ name, type: "query", datasource: DATASOURCE, query: { query, refId: name } },
    ...{ refresh: 2, sort: 1, multi: true, includeAll: true, allValue: ".*" },
    current: { text: "All", value: "$__all" },
  };
}

function failovers(): object {
  return {
    ...{ name: "Failovers", datasource: DATASOURCE, enable: true, iconColor: "orange" },
    ...{ expr: ANNOTATION, titleFormat: "Failover", textFormat: "{{instance}} {{policy_name}}" },
  };
}

/** From left to right; a row begins a new line. */
function placed(): object[] {
  const panels: object[] = [];
  let [y, id] = [0, 1];
  for (const row of ROWS) {
    const at = { x: 0, y, w: COLUMNS, h: 1 };
    panels.push({ id: id++, type: "row", title: row.title, collapsed: false, gridPos: at });
    y++;
    let [x, height] = [0, 0];
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        y += height;
        [x, height] = [0, 0];
      }
      const gridPos = { x, y, w: panel.width, h: panel.height };
      panels.push({ id: id++, gridPos, ...bodyOf(panel) });
      x += panel.width;
      height = Math.max(height, panel.height);
    }
    y += height;
  }
  return panels;
}

function bodyOf({ title, description, type, queries, ...look }: Panel): object {
  const isInstant = type === "table" || type === "stat";
  return {
    ...{ title, type, datasource: DATASOURCE },
    ...(description === undefined ? {} : { description }),
    targets: queries.map((query, i) => targetOf(query, i, isInstant)),
    fieldConfig: { defaults: fieldsOf(look), overrides: [] },
    ...(type === "heatmap" ? { options: { calculate: false } } : {}),
  };
}

function targetOf({ expr, legend, isHeatmap }: Query, i: number, isInstant: boolean): object {
  const format = isHeatmap === true ? "heatmap" : isInstant ? "table" : "time_series";
  return {
    ...{ refId: String.fromCharCode("A".charCodeAt(0) + i), datasource: DATASOURCE, expr },
    ...{ legendFormat: legend, instant: isInstant, range: !isInstant, format },
  };
}

function fieldsOf({
  unit,
  min,
  max,
  thresholds,
}: Pick<Panel, "unit" | "min" | "max" | "thresholds">) {
  const steps =
    thresholds === undefined
      ? [{ color: "green", value: null }]
      : [
          { color: "red", value: null },
          { color: "yellow", value: thresholds[0] },
          { color: "green", value: thresholds[1] },
        ];
  return {
    unit,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    thresholds: { mode: "absolute", steps },
  };
}
