/** The panels of the dashboard as data: what an operator looks for, from site to process. */

export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** A histogram's buckets. */
  readonly isHeatmap?: true;
}

export interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly type: "stat" | "timeseries" | "state-timeline" | "heatmap" | "table";
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly height: number;
  readonly queries: readonly Query[];
  readonly min?: number;
  readonly max?: number;
  /** Below the first value red, below the second yellow, else green. */
  readonly thresholds?: readonly [number, number];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Of the chosen boxes and paths. */
const BOX = 'job=~"$job", instance=~"$instance"';
const PATH = `${BOX}, path_id=~"$path"`;
const NAME = "{{instance}} {{path_id}}";
const RATE = "$__rate_interval";

function graph(title: string, unit: string, queries: readonly Query[], more: Partial<Panel> = {}) {
  return { title, unit, queries, type: "timeseries", width: 12, height: 8, ...more } as const;
}

function stat(title: string, expr: string, more: Partial<Panel> = {}): Panel {
  const queries = [{ expr, legend: "" }];
  return { title, queries, type: "stat", unit: "none", width: 4, height: 4, ...more };
}

export const ROWS: readonly Row[] = [
  {
    title: "Now",
    panels: [
      stat("Boxes that answer", `count(patronus_agent_ready{${BOX}} == 1)`),
      stat("Paths down", `sum(patronus_sdwan_path_state{${PATH}, state="down"})`, {
        description: "Of the chosen boxes",
      }),
      stat("Paths degraded", `sum(patronus_sdwan_path_state{${PATH}, state="degraded"})`),
      stat("Policies on a backup", `count(patronus_sdwan_failover_active_path{${BOX}} == 0)`),
      stat("Failovers in 24 h", `sum(increase(patronus_sdwan_failover_count_total{${BOX}}[24h]))`),
      stat("Alerts firing", `sum(patronus_alerts_firing{${BOX}})`),
      {
        ...graph("Score", "none", [
          { expr: `patronus_sdwan_path_health_score{${PATH}}`, legend: NAME },
        ]),
        ...{ min: 0, max: 100, thresholds: [50, 80], width: 12, height: 8 },
      },
      {
        title: "Path in use",
        description: "1 for the path that a policy uses",
        type: "state-timeline",
        ...{ unit: "none", width: 12, height: 8, min: 0, max: 1 },
        queries: [
          {
            expr: `patronus_sdwan_failover_policy_active{${PATH}}`,
            legend: "{{instance}} policy {{policy_id}}: {{path_id}}",
          },
        ],
      },
    ],
  },
  {
    title: "Paths",
    panels: [
      graph("Round-trip time", "s", [
        { expr: `patronus_sdwan_path_latency_seconds{${PATH}}`, legend: NAME },
      ]),
      graph("Loss", "percentunit", [
        { expr: `patronus_sdwan_path_packet_loss_ratio{${PATH}}`, legend: NAME },
      ]),
      graph("Jitter", "s", [{ expr: `patronus_sdwan_path_jitter_seconds{${PATH}}`, legend: NAME }]),
      graph("Voice quality (MOS)", "none", [
        { expr: `patronus_sdwan_path_mos{${PATH}}`, legend: NAME },
      ]),
      {
        title: "Round-trip times of all probes",
        type: "heatmap",
        ...{ unit: "s", width: 12, height: 9 },
        queries: [
          {
            expr: `sum by (le) (increase(patronus_sdwan_probe_rtt_seconds_bucket{${PATH}}[${RATE}]))`,
            ...{ legend: "{{le}}", isHeatmap: true },
          },
        ],
      },
      graph(
        "Round-trip time, 95 % below",
        "s",
        [
          {
            expr: `histogram_quantile(0.95, sum by (le, instance, path_id) (rate(patronus_sdwan_probe_rtt_seconds_bucket{${PATH}}[${RATE}])))`,
            legend: NAME,
          },
        ],
        { height: 9 },
      ),
      graph("Probes by how they ended", "ops", [
        {
          expr: `sum by (outcome) (rate(patronus_sdwan_probes_total{${PATH}}[${RATE}]))`,
          legend: "{{outcome}}",
        },
      ]),
      {
        title: "State of every path",
        type: "state-timeline",
        ...{ unit: "none", width: 12, height: 8, min: 0, max: 1, thresholds: [0.5, 1] },
        queries: [{ expr: `patronus_sdwan_path_status{${PATH}}`, legend: NAME }],
      },
    ],
  },
  {
    title: "Failover",
    panels: [
      graph("Failovers", "none", [
        {
          expr: `increase(patronus_sdwan_failover_count_total{${BOX}}[1h])`,
          legend: "{{instance}} {{policy_name}}",
        },
      ]),
      graph("Order of a switch to verified route, 99 % below", "s", [
        {
          expr: `histogram_quantile(0.99, sum by (le, instance) (rate(patronus_sdwan_route_switch_seconds_bucket{${BOX}}[1h])))`,
          legend: "{{instance}}",
        },
      ]),
      {
        title: "Availability of each path, chosen span",
        description: "Share of the time in which it was not down",
        type: "table",
        ...{ unit: "percentunit", width: 24, height: 8 },
        queries: [
          {
            expr: `1 - avg_over_time(patronus_sdwan_path_state{${PATH}, state="down"}[$__range])`,
            legend: NAME,
          },
        ],
      },
    ],
  },
  {
    title: "Agent",
    panels: [
      graph("Telemetry that waits", "none", [
        { expr: `patronus_otlp_queue_items{${BOX}}`, legend: "{{instance}} {{destination}}" },
      ]),
      graph("Telemetry dropped", "none", [
        {
          expr: `increase(patronus_otlp_dropped_total{${BOX}}[1h]) > 0`,
          legend: "{{instance}} {{destination}} {{reason}}",
        },
      ]),
      graph("History on disk", "bytes", [
        { expr: `patronus_store_bytes{${BOX}}`, legend: "{{instance}}" },
        { expr: `patronus_store_wal_bytes{${BOX}}`, legend: "{{instance}} WAL" },
      ]),
      graph("Starts of processes", "none", [
        {
          expr: `increase(patronus_agent_process_restarts_total{${BOX}}[1h])`,
          legend: "{{instance}} {{process}}",
        },
      ]),
    ],
  },
];

/** What failovers look like on every graph. */
export const ANNOTATION = `increase(patronus_sdwan_failover_count_total{${BOX}}[1m]) > 0`;
/** Values of the variables. */
export const VARIABLES = [
  { name: "job", query: "label_values(patronus_agent_ready, job)" },
  { name: "instance", query: 'label_values(patronus_agent_ready{job=~"$job"}, instance)' },
  {
    name: "path",
    query: 'label_values(patronus_sdwan_path_info{job=~"$job", instance=~"$instance"}, path_id)',
  },
] as const;
