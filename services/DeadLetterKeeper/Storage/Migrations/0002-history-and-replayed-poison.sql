-- The attempts that were made, each with its time, outcome and reason.
ALTER TABLE letters ADD COLUMN history jsonb NOT NULL DEFAULT '[]';

-- The app that it was for; null where its sender could not tell.
ALTER TABLE letters ADD COLUMN app text;

-- Poison can be replayed as the bytes that it is; the broker's own properties are kept, so that it goes back as it came.
ALTER TABLE poison
    ADD COLUMN content_type text,
    ADD COLUMN message_id text,
    ADD COLUMN state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded'));

CREATE INDEX poison_waiting ON poison (poison_id) WHERE state = 'waiting';
