-- Rollups are keyed by time first: a flush appends to one tail page instead of one per path.
-- k = (t / 300) * 65536 + path_no, t the end of the bucket (Unix seconds, UTC), in all three.
CREATE TABLE path (
    path_no INTEGER PRIMARY KEY CHECK (path_no BETWEEN 0 AND 65535),
    path_id TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE rollup_5m (
    k INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    up_s INTEGER NOT NULL,
    degraded_s INTEGER NOT NULL,
    down_s INTEGER NOT NULL,
    maint_s INTEGER NOT NULL,
    rtt_sum_us INTEGER NOT NULL,
    rtt_min_us INTEGER,
    rtt_max_us INTEGER,
    jitter_sum_us INTEGER NOT NULL,
    jitter_max_us INTEGER,
    loss_max_bp INTEGER NOT NULL,
    score_sum_c INTEGER NOT NULL,
    score_min_c INTEGER,
    checks INTEGER NOT NULL,
    rtt_hist BLOB,
    t INTEGER AS ((k >> 16) * 300) VIRTUAL,
    path_no INTEGER AS (k & 65535) VIRTUAL
) STRICT;
CREATE TABLE rollup_1h (
    k INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    up_s INTEGER NOT NULL,
    degraded_s INTEGER NOT NULL,
    down_s INTEGER NOT NULL,
    maint_s INTEGER NOT NULL,
    rtt_sum_us INTEGER NOT NULL,
    rtt_min_us INTEGER,
    rtt_max_us INTEGER,
    jitter_sum_us INTEGER NOT NULL,
    jitter_max_us INTEGER,
    loss_max_bp INTEGER NOT NULL,
    score_sum_c INTEGER NOT NULL,
    score_min_c INTEGER,
    checks INTEGER NOT NULL,
    rtt_hist BLOB,
    t INTEGER AS ((k >> 16) * 300) VIRTUAL,
    path_no INTEGER AS (k & 65535) VIRTUAL
) STRICT;
CREATE TABLE rollup_1d (
    k INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    up_s INTEGER NOT NULL,
    degraded_s INTEGER NOT NULL,
    down_s INTEGER NOT NULL,
    maint_s INTEGER NOT NULL,
    rtt_sum_us INTEGER NOT NULL,
    rtt_min_us INTEGER,
    rtt_max_us INTEGER,
    jitter_sum_us INTEGER NOT NULL,
    jitter_max_us INTEGER,
    loss_max_bp INTEGER NOT NULL,
    score_sum_c INTEGER NOT NULL,
    score_min_c INTEGER,
    checks INTEGER NOT NULL,
    rtt_hist BLOB,
    t INTEGER AS ((k >> 16) * 300) VIRTUAL,
    path_no INTEGER AS (k & 65535) VIRTUAL
) STRICT;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- Boots of this machine; sane = 0: what was written then has guessed times, in these ranges.
CREATE TABLE boot (
    boot_no INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE,
    offset_ms INTEGER NOT NULL,
    sane INTEGER NOT NULL CHECK (sane IN (0, 1)),
    first_health_id INTEGER,
    last_health_id INTEGER,
    first_k INTEGER,
    last_k INTEGER,
    corrected_ms INTEGER
) STRICT;
