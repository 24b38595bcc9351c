-- Which key each certificate of an agent was renewed for, as long as the one before it could still ask: whoever holds an older one
-- and asks for another key is a second machine, however often the first renewed since. A machine that joins anew begins without any.
CREATE TABLE agent_certificates (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    generation integer NOT NULL,
    -- SHA-256 of the public key (SPKI).
    key_hash bytea NOT NULL CHECK (length(key_hash) = 32),
    -- When it was issued first: the next one must not be asked for at once.
    issued_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, agent_id, generation),
    CONSTRAINT agent_certificates_agent_exists FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE agent_certificates ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_certificates FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_certificates USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON agent_certificates TO pforte_app, pforte_vault;

-- The newest certificate's key was kept beside the agent. Of when it was issued nothing is known: long ago.
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        INSERT INTO agent_certificates (tenant_id, agent_id, generation, key_hash, issued_at)
            SELECT tenant_id, id, issued_generation, issued_key_hash, now() - interval '1 day' FROM agents
            WHERE tenant_id = tenant AND issued_generation = certificate_generation;
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END
$$;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE agents DROP COLUMN issued_generation, DROP COLUMN issued_key_hash;

-- What comes of a dialogue at a station is stored only for whoever is still an administrator then.
GRANT SELECT (tenant_id, id, role, state) ON operators TO pforte_vault;
