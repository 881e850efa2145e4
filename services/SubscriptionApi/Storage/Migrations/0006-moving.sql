-- What ended before its time: by its client's wish, with its device, or by an operator's hand. Another server may still have it, and an import must not bring it back.
-- Forgotten when no signature of before it ended is valid any more.
CREATE TABLE ended_subscriptions (
    account bytea NOT NULL,
    provider text NOT NULL,
    device_id bytea NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (account, provider, device_id)
);

CREATE INDEX ended_subscriptions_ended_at ON ended_subscriptions (ended_at);

-- A hash of what the other server had, from which nothing can be learned: a later import tells by it what has changed there. Null as soon as a client has come to us.
ALTER TABLE subscriptions ADD COLUMN imported_as bytea;
