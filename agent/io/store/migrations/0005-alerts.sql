-- Messages of alerts as they were told; what is firing is in the table `state`.
CREATE TABLE alert_messages (
    record INTEGER PRIMARY KEY,
    severity TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
