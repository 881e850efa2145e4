-- When a sender of each provider last reported. Kept for ever: instances are forgotten, that there was a sender is not.
CREATE TABLE provider_last_seen (
    provider text PRIMARY KEY,
    last_seen timestamptz NOT NULL
);

INSERT INTO provider_last_seen (provider, last_seen)
SELECT split_part(series, '"', 2), max(last_seen) FROM service_instances, jsonb_object_keys(gauges) AS series
WHERE starts_with(series, 'sotto_push_in_flight{provider="') GROUP BY 1;
