-- What an instance says of itself that is no number, such as the hash of the chain's top block.
ALTER TABLE service_instances ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
