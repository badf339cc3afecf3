-- Beside the given columns: what a decision rested on. NULL in rows of earlier releases.
ALTER TABLE sdwan_failover_events ADD COLUMN timestamp_ms INTEGER;
ALTER TABLE sdwan_failover_events ADD COLUMN family INTEGER;
ALTER TABLE sdwan_failover_events ADD COLUMN order_id INTEGER;
ALTER TABLE sdwan_failover_events ADD COLUMN cause TEXT;
ALTER TABLE sdwan_failover_events ADD COLUMN primary_health_score REAL;
ALTER TABLE sdwan_failover_events ADD COLUMN backup_health_score REAL;
ALTER TABLE sdwan_failover_events ADD COLUMN duration_us INTEGER;
ALTER TABLE sdwan_failover_events ADD COLUMN evidence TEXT;
-- Only while the time is guessed: the boot it belongs to, and CLOCK_MONOTONIC.
ALTER TABLE sdwan_failover_events ADD COLUMN boot_id TEXT;
ALTER TABLE sdwan_failover_events ADD COLUMN monotonic_us INTEGER;
CREATE INDEX idx_failover_events_guessed ON sdwan_failover_events(boot_id)
    WHERE boot_id IS NOT NULL;
-- file: of the configuration; api: of failover_api_policy.
ALTER TABLE sdwan_failover_policies ADD COLUMN origin TEXT CHECK (origin IN ('file', 'api'));
-- Documents as they were sent; the policies in force are in sdwan_failover_policies.
CREATE TABLE failover_api_policy (
    policy_id INTEGER PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    policy_id INTEGER,
    path_id TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    boot_id TEXT,
    monotonic_us INTEGER
) STRICT;
CREATE INDEX idx_audit_guessed ON audit(boot_id) WHERE boot_id IS NOT NULL;
