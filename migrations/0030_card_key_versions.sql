-- Who holds the master key of each version that cards' keys were ever made from: the installation's key file, or a module (PKCS#11).
-- A version stays where it was made. The keys themselves are not here.
CREATE TABLE card_key_versions (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    version smallint NOT NULL CHECK (version BETWEEN 1 AND 255),
    -- Tells the module's key from another of the same name; none: it follows from the key file.
    module_check bytea CHECK (length(module_check) = 4),
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, version)
);
ALTER TABLE card_key_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE card_key_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON card_key_versions USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON card_key_versions TO pforte_app, pforte_vault;

-- Every version that was used so far is the key file's: those that a card has, may have or is to get, and all before them.
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        INSERT INTO card_key_versions (tenant_id, version, made_at)
            SELECT tenant, version, now() FROM generate_series(1, greatest(
                (SELECT max(key_version) FROM card_rules WHERE tenant_id = tenant),
                (SELECT max(greatest(key_version, version_wanted)) FROM card_chips WHERE tenant_id = tenant),
                (SELECT max(begun) FROM card_chips, unnest(versions_begun) AS begun WHERE tenant_id = tenant),
                (SELECT max(begun) FROM vault.cards_begun, unnest(versions) AS begun WHERE tenant_id = tenant))) AS version;
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END
$$;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
