-- What a request with an Idempotency-Key was answered: whoever sends it again, not knowing whether it arrived, gets the same
-- answer, and nothing is done twice. Forgotten after 24 hours.

CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    operator_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
    id uuid NOT NULL,
    -- SHA-256 of path and body: the same key with another request is a mistake.
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    created_at timestamptz NOT NULL,
    -- None while it is carried out.
    status smallint,
    etag text,
    -- Sealed under the tenant's key: answers hold names, and tokens that are shown once.
    answer bytea,
    PRIMARY KEY (tenant_id, operator_id, key),
    CONSTRAINT idempotency_keys_operator_exists FOREIGN KEY (tenant_id, operator_id) REFERENCES operators (tenant_id, id) ON DELETE CASCADE,
    CHECK ((status IS NULL) = (answer IS NULL))
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant_id, created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON idempotency_keys USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO pforte_app;
