-- A revision only grows for one subscription: it is taken after the row is locked. The sequence must not be cached by connections.
CREATE SEQUENCE revisions;

-- One row for each account on each device. Device token and envelope key are sealed to services that are not this one.
CREATE TABLE subscriptions (
    subscription_id uuid PRIMARY KEY,
    account bytea NOT NULL CHECK (length(account) = 33),
    session_ed25519 bytea CHECK (length(session_ed25519) = 32),
    subaccount_token bytea CHECK (length(subaccount_token) = 36),
    subaccount_signature bytea CHECK (length(subaccount_signature) = 64),
    signature bytea NOT NULL CHECK (length(signature) = 64),
    signature_ts bigint NOT NULL,
    wants_data boolean NOT NULL,
    namespaces smallint[] NOT NULL CHECK (cardinality(namespaces) > 0),
    provider text NOT NULL,
    device_id bytea NOT NULL CHECK (length(device_id) = 32),
    sealed_device_token bytea NOT NULL,
    sealed_envelope_key bytea NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    UNIQUE (account, provider, device_id),
    CHECK ((subaccount_token IS NULL) = (subaccount_signature IS NULL))
);

CREATE INDEX subscriptions_signature_ts ON subscriptions (signature_ts);
CREATE INDEX subscriptions_device ON subscriptions (provider, device_id);

-- What the other services have not been told yet, written together with the change itself. A row repeats the subscription as the change
-- left it, since by the time it is published there may be a newer one, or none.
CREATE TABLE outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change text NOT NULL CHECK (change IN ('added', 'renewed', 'withdrawn', 'invalidated')),
    subscription_id uuid NOT NULL,
    revision bigint NOT NULL,
    account bytea NOT NULL,
    session_ed25519 bytea,
    subaccount_token bytea,
    subaccount_signature bytea,
    signature bytea NOT NULL,
    signature_ts bigint NOT NULL,
    wants_data boolean NOT NULL,
    namespaces smallint[] NOT NULL,
    provider text NOT NULL,
    device_id bytea NOT NULL,
    sealed_device_token bytea NOT NULL,
    sealed_envelope_key bytea NOT NULL
);

-- How many changes of each kind have been published for each provider; the sum over providers is the total. Counted when rows leave the
-- outbox, many at a time, so that no request ever waits for a counter and none is lost.
CREATE TABLE stats (
    provider text NOT NULL,
    name text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (provider, name)
);
