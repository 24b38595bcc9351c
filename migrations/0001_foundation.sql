-- Tenants, their operators, sessions, and the way into the log. The roles (pforte_owner runs this; pforte_app,
-- pforte_vault) are made before: see server/src/db/roles.sql.

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    -- Same as id: row security reads the same column in every table.
    tenant_id uuid NOT NULL GENERATED ALWAYS AS (id) STORED,
    slug text NOT NULL CONSTRAINT tenants_slug_is_unique UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,38}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE operators (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    role text NOT NULL CONSTRAINT operators_role_words CHECK (role IN ('administrator', 'guard')),
    state text NOT NULL DEFAULT 'invited' CONSTRAINT operators_state_words CHECK (state IN ('invited', 'active', 'disabled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT operators_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE sessions (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- SHA-256 of the token; the token itself is the browser's alone.
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    operator_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    idle_expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, operator_id) REFERENCES operators (tenant_id, id) ON DELETE CASCADE
);

-- What the server writes into the log: canonical bytes of an access-core Event, in the transaction of the change itself.
-- The sequencer turns them into records of the one order and takes them away.
CREATE TABLE log_outbox (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    place bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    event bytea NOT NULL,
    PRIMARY KEY (tenant_id, place)
);

-- What stands behind commitments in records: personal, and erasable.
CREATE TABLE log_contents (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    commitment bytea NOT NULL CHECK (length(commitment) = 32),
    random bytea NOT NULL CHECK (length(random) = 32),
    -- Whom it is about, so that erasing a person finds it.
    subject_id uuid,
    -- Sealed under the tenant's log key.
    content bytea NOT NULL,
    PRIMARY KEY (tenant_id, commitment)
);
CREATE INDEX log_contents_of_subject ON log_contents (tenant_id, subject_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tenants', 'operators', 'sessions', 'log_outbox', 'log_contents']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON tenants TO pforte_app;
GRANT SELECT ON tenants TO pforte_vault;
GRANT SELECT, INSERT, UPDATE, DELETE ON operators, sessions TO pforte_app;
-- The service appends to the log and can neither read it back nor change it.
GRANT INSERT ON log_outbox, log_contents TO pforte_app, pforte_vault;
