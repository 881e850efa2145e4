-- What every instance of every service says of itself, and the sums over all that ever ran. Counted as differences between two reports of an instance, so that
-- a report may be lost or come twice.
CREATE TABLE service_instances (
    instance uuid PRIMARY KEY,
    service text NOT NULL,
    sequence bigint NOT NULL,
    started_at timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    counters jsonb NOT NULL,
    gauges jsonb NOT NULL
);

CREATE TABLE service_totals (
    service text NOT NULL,
    series text NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (service, series)
);

-- How many notifications each provider took in each minute of the last hour.
CREATE TABLE provider_minutes (
    provider text NOT NULL,
    minute timestamptz NOT NULL,
    notifies bigint NOT NULL,
    PRIMARY KEY (provider, minute)
);
