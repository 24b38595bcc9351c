-- For how long agents decide alone, since when a change of the rules holds at each door, and whom an agent took over from.

ALTER TABLE tenant_rules
    -- Hours for which an agent decides by rules that were not signed anew.
    ADD COLUMN alone_hours smallint NOT NULL DEFAULT 24 CHECK (alone_hours BETWEEN 1 AND 72);

-- Which versions of the rules an agent was sent, and since when it holds each on its disk and decides by it when alone. Kept for
-- some months: it proves since when what was revoked opened no door any more.
CREATE TABLE agent_rules (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version >= 0),
    -- Numbers of the first and the newest bundle of this version.
    first_bundle bigint NOT NULL CHECK (first_bundle > 0),
    newest_bundle bigint NOT NULL CHECK (newest_bundle >= first_bundle),
    made_at timestamptz NOT NULL,
    -- When the newest of them is too old to be decided by.
    usable_until timestamptz NOT NULL,
    -- When the agent first said that it decides by one of them.
    in_force_at timestamptz,
    PRIMARY KEY (tenant_id, agent_id, version),
    CONSTRAINT agent_rules_agent_exists FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE agent_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_rules USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_rules TO pforte_app;

ALTER TABLE agents
    -- Certificates up to this generation belong to a machine that another took the place of: it hears that it is revoked.
    ADD COLUMN replaced_generation integer NOT NULL DEFAULT 0,
    -- Its configuration as it said last, for the machine that takes its place.
    ADD COLUMN configuration text CHECK (octet_length(configuration) <= 65536),
    -- SHA-256 over the certificates of the authorities that it trusts, as it said last; and that of the authority that issued the
    -- certificate which it linked with last.
    ADD COLUMN authorities_kept bytea CHECK (length(authorities_kept) = 32),
    ADD COLUMN linked_by bytea CHECK (length(linked_by) = 32);
