-- The three given tables, to the letter. A test compares them with tests/vectors/schema.sql.
CREATE TABLE sdwan_path_health (
    health_id INTEGER PRIMARY KEY AUTOINCREMENT,
    path_id TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    latency_ms REAL NOT NULL,
    packet_loss_pct REAL NOT NULL,
    jitter_ms REAL NOT NULL,
    health_score REAL NOT NULL,
    status TEXT CHECK(status IN ('up', 'degraded', 'down')) NOT NULL
);
CREATE INDEX idx_path_health_path_time ON sdwan_path_health(path_id, timestamp);
CREATE TABLE sdwan_failover_policies (
    policy_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    primary_path_id TEXT NOT NULL,
    backup_path_ids TEXT NOT NULL,
    failover_threshold REAL NOT NULL DEFAULT 50.0,
    failback_threshold REAL NOT NULL DEFAULT 80.0,
    failback_delay_secs INTEGER NOT NULL DEFAULT 60,
    enabled INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE sdwan_failover_events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    policy_id INTEGER NOT NULL,
    event_type TEXT CHECK(event_type IN ('triggered', 'completed', 'failed', 'policy_enabled', 'policy_disabled')) NOT NULL,
    from_path_id TEXT,
    to_path_id TEXT,
    reason TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    FOREIGN KEY (policy_id) REFERENCES sdwan_failover_policies(policy_id)
);
CREATE INDEX idx_failover_events_policy_time ON sdwan_failover_events(policy_id, timestamp);
