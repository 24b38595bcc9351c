-- Whoever joins anew takes the place of what had the agent's certificates before, as the machine does that replaces one: `replaced_generation`
-- is raised by both. Only a machine that an administrator had replaced may come back without being taken for a copy.
ALTER TABLE agents
    -- Certificates up to this generation belong to machines that were replaced by an administrator's act.
    ADD COLUMN retired_generation integer NOT NULL DEFAULT 0;
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        UPDATE agents SET retired_generation = replaced_generation WHERE tenant_id = tenant;
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END
$$;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
