-- What an operator's command has to tell the other services: a subscription taken over from another server, or all of them once more.
ALTER TABLE outbox DROP CONSTRAINT outbox_change_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_change_check CHECK (change IN ('added', 'renewed', 'withdrawn', 'invalidated', 'imported', 'replayed'));

-- How far a long piece of work has come, written together with the work itself, so that it goes on where it was stopped.
CREATE TABLE operator_runs (
    name text PRIMARY KEY,
    position text NOT NULL,
    counts bigint[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
