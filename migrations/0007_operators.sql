-- What operators sign in with, links that set it up, and guesses that are counted.

ALTER TABLE operators
    -- Argon2id in PHC form.
    ADD COLUMN password_hash text,
    -- Sealed under the tenant's operator key; it lies here only.
    ADD COLUMN totp_secret bytea,
    -- Newest TOTP step that was used: each is good once.
    ADD COLUMN totp_step bigint NOT NULL DEFAULT 0,
    ADD COLUMN row_version bigint NOT NULL DEFAULT 1,
    ADD CONSTRAINT operators_active_have_both_factors
        CHECK (state <> 'active' OR (password_hash IS NOT NULL AND totp_secret IS NOT NULL));

CREATE TABLE setup_links (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- SHA-256 of the link's secret.
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    purpose text NOT NULL CONSTRAINT setup_links_purpose_words CHECK (purpose IN ('first_operator', 'invitation', 'totp_reset')),
    -- Whose; none for the first operator, who names themselves.
    operator_id uuid,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT setup_links_operator_exists FOREIGN KEY (tenant_id, operator_id) REFERENCES operators (tenant_id, id) ON DELETE CASCADE,
    CHECK ((purpose = 'first_operator') = (operator_id IS NULL))
);
ALTER TABLE setup_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE setup_links FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON setup_links USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON setup_links TO pforte_app;

-- Which installation this database belongs to: one row, nobody's in particular, read at every start. A server with other
-- keys, or of another mode, refuses it.
CREATE TABLE installation (
    id uuid PRIMARY KEY,
    mode text NOT NULL CONSTRAINT installation_mode_words CHECK (mode IN ('production', 'demo', 'test')),
    -- Tells keys apart without telling them.
    key_id bytea NOT NULL CHECK (length(key_id) = 8),
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX installation_is_one ON installation ((true));
