-- One row for each device's wish, the latest revision of it. A withdrawn one stays, without its secrets, until it would have expired, so that an older
-- change that arrives late is recognised as old.
CREATE TABLE subscriptions (
    subscription_id     uuid        PRIMARY KEY,
    revision            bigint      NOT NULL,
    withdrawn           boolean     NOT NULL,
    expires_at          timestamptz NOT NULL,
    account             bytea       NOT NULL,
    namespaces          smallint[]  NOT NULL,
    wants_data          boolean     NOT NULL,
    provider            text        NOT NULL,
    device_id           bytea       NOT NULL,
    sealed_device_token bytea       NOT NULL,
    wrapped_key         bytea       NOT NULL
) WITH (fillfactor = 90); -- Room for a renewal beside the row it renews.

CREATE INDEX subscriptions_by_account ON subscriptions (account) WHERE NOT withdrawn;

-- The ids of pushes that were made lately: in this window and in the one before. Whoever makes a push inserts its id first, in the same transaction, and finds it
-- there if another did. See docs/decisions/0003-duplicates.md.
CREATE TABLE recent_pushes  (push_id uuid NOT NULL, CONSTRAINT pushes_a PRIMARY KEY (push_id));
CREATE TABLE earlier_pushes (push_id uuid NOT NULL, CONSTRAINT pushes_b PRIMARY KEY (push_id));

-- One row: when recent_pushes began.
CREATE TABLE duplicate_window (
    began_at timestamptz NOT NULL
);
INSERT INTO duplicate_window VALUES (now());

-- One row at most: which private key wrapped the keys above.
CREATE TABLE key_fingerprint (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    fingerprint bytea   NOT NULL
);
