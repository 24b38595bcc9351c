-- PINs: what argon2id made of one at a station, sealed under the person's vault key. Of a person the rules know that there is one
-- (persons.has_pin) and when either was changed last, so that every change moves their version and reaches agents; whether there is a
-- sign of duress beside it only the vault tells. Nobody has such a sign alone (server/src/pins).
ALTER TABLE persons ADD COLUMN pin_changed_at timestamptz;

CREATE TABLE vault.pins (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    is_duress boolean NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, person_id, is_duress),
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);
ALTER TABLE vault.pins ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.pins FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON vault.pins USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.pins TO pforte_vault;

-- Keypads are devices.
ALTER TABLE device_states
    DROP CONSTRAINT device_states_device_words,
    ADD CONSTRAINT device_states_device_words CHECK (device IN ('reader', 'sensor', 'door_io', 'journal', 'keypad'));
