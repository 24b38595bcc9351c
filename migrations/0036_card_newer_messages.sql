-- A card that protected its answers by the newer messages once knows them for good: one with its UID that says otherwise at a station
-- is something else, or somebody in between speaks for it. Kept by UID, beyond the card's credential.
CREATE TABLE card_newer_messages (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    uid_hash bytea NOT NULL CHECK (length(uid_hash) = 32),
    PRIMARY KEY (tenant_id, uid_hash)
);
ALTER TABLE card_newer_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE card_newer_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON card_newer_messages USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON card_newer_messages TO pforte_app, pforte_vault;

-- Of cards that were wiped before this, no UID is kept and nothing can be known.
ALTER TABLE card_chips NO FORCE ROW LEVEL SECURITY;
ALTER TABLE card_newer_messages NO FORCE ROW LEVEL SECURITY;
INSERT INTO card_newer_messages (tenant_id, uid_hash)
    SELECT DISTINCT tenant_id, uid_hash FROM card_chips WHERE messaging = 'ev2';
ALTER TABLE card_chips FORCE ROW LEVEL SECURITY;
ALTER TABLE card_newer_messages FORCE ROW LEVEL SECURITY;
