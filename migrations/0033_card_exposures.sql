-- Which keys of which card are known to whoever has a lost agent. A card's keys follow from its UID and their version, so what is known
-- of them stays known when the card is wiped and made anew for somebody else: it is kept by UID, not by credential.

-- Newest version of a card's keys that a revoked or replaced agent was sent; never taken back.
CREATE TABLE card_exposures (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    uid_hash bytea NOT NULL CHECK (length(uid_hash) = 32),
    key_version smallint NOT NULL CHECK (key_version BETWEEN 1 AND 255),
    PRIMARY KEY (tenant_id, uid_hash)
);
ALTER TABLE card_exposures ENABLE ROW LEVEL SECURITY;
ALTER TABLE card_exposures FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON card_exposures USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON card_exposures TO pforte_app, pforte_vault;

ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;
ALTER TABLE card_rules NO FORCE ROW LEVEL SECURITY;
ALTER TABLE card_chips NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_card_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE card_exposures NO FORCE ROW LEVEL SECURITY;

-- What agents were sent is kept by UID as well. Of cards that were wiped before this, no UID is kept and nothing can be known.
ALTER TABLE agent_card_keys ADD COLUMN uid_hash bytea CHECK (length(uid_hash) = 32);
UPDATE agent_card_keys held SET uid_hash = chip.uid_hash FROM card_chips chip
    WHERE chip.tenant_id = held.tenant_id AND chip.credential_id = held.credential_id;
DELETE FROM agent_card_keys WHERE uid_hash IS NULL;
ALTER TABLE agent_card_keys DROP CONSTRAINT agent_card_keys_pkey, DROP COLUMN credential_id,
    ADD PRIMARY KEY (tenant_id, agent_id, uid_hash, key_version);

-- What lost agents know: those that are revoked, and those whose machine was replaced, which shows in cards that are to get a version
-- beyond the tenant's.
INSERT INTO card_exposures (tenant_id, uid_hash, key_version)
    SELECT tenant_id, uid_hash, max(key_version) FROM (
        SELECT held.tenant_id, held.uid_hash, held.key_version FROM agent_card_keys held
            JOIN agents agent ON agent.tenant_id = held.tenant_id AND agent.id = held.agent_id WHERE agent.state = 'revoked'
        UNION ALL
        SELECT chip.tenant_id, chip.uid_hash, chip.version_wanted - 1 FROM card_chips chip
            LEFT JOIN card_rules rules ON rules.tenant_id = chip.tenant_id
            WHERE chip.version_wanted > COALESCE(rules.key_version, 1)) known
    GROUP BY tenant_id, uid_hash;

ALTER TABLE agents FORCE ROW LEVEL SECURITY;
ALTER TABLE card_rules FORCE ROW LEVEL SECURITY;
ALTER TABLE card_chips FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_card_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE card_exposures FORCE ROW LEVEL SECURITY;
