-- Cards that prove themselves: the tenant's choices, what is known of each chip, which agent held which card's keys, and fingers
-- whose template lies on a card instead of here.

-- What the tenant chose for cards and templates; without a row, the strictest. Every change is told to agents as one of the rules,
-- for with another version of the keys their bundles must change before a card does.
CREATE TABLE card_rules (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    -- Version that cards get their keys in.
    key_version smallint NOT NULL DEFAULT 1 CHECK (key_version BETWEEN 1 AND 255),
    templates_on text NOT NULL DEFAULT 'card' CONSTRAINT card_rules_templates_on_words CHECK (templates_on IN ('card', 'server')),
    -- Cards that know the older messages only may be made.
    takes_ev1 boolean NOT NULL DEFAULT false,
    -- A card's own key stays the factory's: any passer-by can format it.
    leaves_factory_key boolean NOT NULL DEFAULT false,
    -- Since when cards wait for other keys, if any were told to.
    rekeyed_at timestamptz,
    row_version bigint NOT NULL DEFAULT 1
);
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON card_rules FOR EACH ROW EXECUTE FUNCTION keep_policy_history('tenant_id');

-- The chip of a credential. Not part of the rules: those know the card by its token alone.
CREATE TABLE card_chips (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    credential_id uuid NOT NULL,
    -- Keyed hash of the UID that the card tells anybody.
    uid_hash bytea NOT NULL CHECK (length(uid_hash) = 32),
    messaging text NOT NULL CONSTRAINT card_chips_messaging_words CHECK (messaging IN ('ev1', 'ev2')),
    -- Version of its keys that it proved last.
    key_version smallint NOT NULL CHECK (key_version BETWEEN 1 AND 255),
    -- Versions that were begun since and of which nobody heard the end: it may have any of them.
    versions_begun smallint[] NOT NULL DEFAULT '{}',
    -- Version that it is to get at its next visit to a station; the same if it has it.
    version_wanted smallint NOT NULL CHECK (version_wanted BETWEEN 1 AND 255),
    -- What was free on it when it was written last.
    free_bytes integer NOT NULL CHECK (free_bytes >= 0),
    -- Size of its template file, and how much of it is used. It can't grow.
    templates_bytes_max integer NOT NULL CHECK (templates_bytes_max BETWEEN 0 AND 7168),
    templates_bytes integer NOT NULL DEFAULT 0 CHECK (templates_bytes BETWEEN 0 AND templates_bytes_max),
    written_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, credential_id),
    CONSTRAINT card_chips_uid_is_unique UNIQUE (tenant_id, uid_hash),
    CONSTRAINT card_chips_credential_exists FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id) ON DELETE CASCADE
);

-- Which versions of a card's reading key an agent was ever sent: what a stolen one gives away.
CREATE TABLE agent_card_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    key_version smallint NOT NULL,
    PRIMARY KEY (tenant_id, agent_id, credential_id, key_version),
    CONSTRAINT agent_card_keys_agent_exists FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_card_keys_credential_exists FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE fingers
    -- The card that its template lies on; none: it lies here, sealed.
    ADD COLUMN credential_id uuid,
    ADD CONSTRAINT fingers_card_exists FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id);
CREATE INDEX fingers_on_card ON fingers (tenant_id, credential_id) WHERE credential_id IS NOT NULL;

-- The number in a card's protected file, sealed under the person's vault key. None for a card that proves nothing.
ALTER TABLE vault.card_uids ADD COLUMN sealed_number bytea;

-- A card of which the making began: kept before the station hears of its number, so that whatever came of it, the next try goes on
-- with the same.
CREATE TABLE vault.cards_begun (
    tenant_id uuid NOT NULL,
    uid_hash bytea NOT NULL CHECK (length(uid_hash) = 32),
    -- What the credential will be.
    credential_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sealed_number bytea NOT NULL,
    -- Versions of keys that it may have.
    versions smallint[] NOT NULL,
    templates_bytes_max integer NOT NULL CHECK (templates_bytes_max BETWEEN 0 AND 7168),
    begun_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, uid_hash),
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['card_rules', 'card_chips', 'agent_card_keys', 'vault.cards_begun']
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %s USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO pforte_vault', name);
        IF name <> 'vault.cards_begun' THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO pforte_app', name);
        END IF;
    END LOOP;
END
$$;
