-- What tells a copied agent from the one it was copied from, and what the log said last of an agent's link. All of it may be
-- missing: of agents that joined or renewed under an older server, nothing is known.

ALTER TABLE agents
    -- SHA-256 of the public key (SPKI) that a certificate was issued for, and that certificate's generation. A renewal for
    -- another key, by a certificate that was renewed already, comes from a copy.
    ADD COLUMN issued_generation integer,
    ADD COLUMN issued_key_hash bytea CHECK (length(issued_key_hash) = 32),
    ADD CONSTRAINT agents_issued_key_has_generation CHECK ((issued_generation IS NULL) = (issued_key_hash IS NULL)),
    -- When signs of a copy that do not quarantine it were last an alarm: they may repeat many times a minute.
    ADD COLUMN copy_reported_at timestamptz,
    -- Whether the log says that it is linked; none before it said anything.
    ADD COLUMN is_link_logged boolean;
