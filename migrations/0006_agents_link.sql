-- What an agent's link needs: its keys, the newest record the server holds of it, tokens to join.

ALTER TABLE agents
    ADD COLUMN state text NOT NULL DEFAULT 'invited' CONSTRAINT agents_state_words CHECK (state IN ('invited', 'joined', 'revoked', 'quarantined')),
    ADD COLUMN build text CHECK (length(build) <= 100),
    ADD COLUMN joined_at timestamptz,
    ADD COLUMN last_seen_at timestamptz,
    -- Ed25519 key that its records are signed with, and X25519 key that templates are sealed to.
    ADD COLUMN record_key bytea CHECK (length(record_key) = 32),
    ADD COLUMN sealing_key bytea CHECK (length(sealing_key) = 32),
    -- Counts its certificates. The one before stays valid until the newest was used; older ones never are.
    ADD COLUMN certificate_generation integer NOT NULL DEFAULT 0,
    ADD COLUMN generation_used integer NOT NULL DEFAULT 0,
    ADD COLUMN certificate_expires_at timestamptz,
    -- Newest record that was stored.
    ADD COLUMN epoch integer NOT NULL DEFAULT 0,
    ADD COLUMN head_epoch integer NOT NULL DEFAULT 0,
    ADD COLUMN head_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN head_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(head_hash) = 32),
    -- Number of the newest bundle that was sent, and of the one it said to decide by.
    ADD COLUMN bundle_sent bigint NOT NULL DEFAULT 0,
    ADD COLUMN bundle_in_force bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT agents_joined_have_keys CHECK (state = 'invited' OR state = 'revoked' OR (record_key IS NOT NULL AND sealing_key IS NOT NULL));

CREATE TABLE join_tokens (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- SHA-256 of the token's secret.
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    agent_id uuid NOT NULL,
    issued_by uuid,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT join_tokens_agent_exists FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
);
-- Which key signed which of an agent's sequences: what verifies records of long ago.
CREATE TABLE agent_epochs (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    epoch integer NOT NULL CHECK (epoch > 0),
    record_key bytea NOT NULL CHECK (length(record_key) = 32),
    began_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, agent_id, epoch),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id)
);
ALTER TABLE agent_epochs ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_epochs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_epochs USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON agent_epochs TO pforte_app;

ALTER TABLE join_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE join_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON join_tokens USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON join_tokens TO pforte_app;
