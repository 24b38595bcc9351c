-- The vault: what tells who a pseudonym is. Only role pforte_vault reaches it; the service's ordinary role can't.
--
-- Everything in it is sealed (XChaCha20-Poly1305) under a key of the person's own, which lies here wrapped by the
-- installation's master key. Destroying a person's keys erases the person; templates have a key apart from names.
-- pforte_vault may also do what pforte_app may (0002), so that a name, the act that changed it and what follows from it
-- commit together.

CREATE SCHEMA vault;
GRANT USAGE ON SCHEMA vault TO pforte_vault;

CREATE TABLE vault.person_keys (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    purpose text NOT NULL CONSTRAINT person_keys_purpose_words CHECK (purpose IN ('vault', 'template')),
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id, purpose),
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

-- Name, number and the document that was seen, as sealed JSON.
CREATE TABLE vault.identities (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sealed bytea NOT NULL,
    -- Keyed hash of the number: two people can't have the same.
    number_token bytea CHECK (length(number_token) = 32),
    PRIMARY KEY (tenant_id, person_id),
    CONSTRAINT identities_number_is_unique UNIQUE (tenant_id, number_token),
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

CREATE TABLE vault.photos (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sealed bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

CREATE TABLE vault.card_uids (
    tenant_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, credential_id),
    FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

-- Goes with its finger: deleting the finger deletes the template.
CREATE TABLE vault.templates (
    tenant_id uuid NOT NULL,
    finger_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, finger_id),
    FOREIGN KEY (tenant_id, finger_id) REFERENCES fingers (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['person_keys', 'identities', 'photos', 'card_uids', 'templates']
    LOOP
        EXECUTE format('ALTER TABLE vault.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE vault.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON vault.%I USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON vault.%I TO pforte_vault', name);
    END LOOP;
END
$$;
