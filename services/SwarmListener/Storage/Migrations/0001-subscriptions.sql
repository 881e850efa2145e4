-- One row for each subscription that was ever heard of and has not expired. What is withdrawn stays as a row until then: its revision
-- refuses changes that come late.
CREATE TABLE subscriptions (
    id uuid PRIMARY KEY,
    revision bigint NOT NULL,
    withdrawn boolean NOT NULL,
    account bytea NOT NULL CHECK (length(account) = 33),
    -- Highest byte of the account's place in swarm space: which instance cares.
    bucket smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    -- Equal for subscriptions of one account that ask the storage servers the same: a hash of subaccount, namespaces and data flag.
    kind bigint NOT NULL,
    -- Unix seconds, both.
    signed_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    -- One element of a monitor.messages request, bencoded, as it is sent.
    request bytea NOT NULL
);

CREATE INDEX subscriptions_by_account ON subscriptions (bucket, account);
CREATE INDEX subscriptions_by_expiry ON subscriptions (expires_at);
