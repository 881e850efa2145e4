-- A push that no sender can do more for, as it came. The same push may die again after a replay; then it is another letter.
CREATE TABLE letters (
    push_id uuid NOT NULL,
    dead_lettered_at timestamptz NOT NULL,
    provider text NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    attempts int NOT NULL,
    device_id bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    push jsonb NOT NULL,
    -- Told by an operator: waiting until then.
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded', 'retired')),
    PRIMARY KEY (push_id, dead_lettered_at)
);

CREATE INDEX letters_waiting ON letters (provider, dead_lettered_at) WHERE state = 'waiting';
CREATE INDEX letters_age ON letters (dead_lettered_at);

-- A bus message that no consumer could take, as the bytes that it is.
CREATE TABLE poison (
    poison_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kept_at timestamptz NOT NULL DEFAULT now(),
    queue text NOT NULL,
    reason text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL
);

-- What an operator did, written together with it.
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    operator text NOT NULL,
    action text NOT NULL,
    chosen text NOT NULL,
    letters int NOT NULL
);
