-- From when on a version of the rules was in force: not before its transaction got its turn. A save that waited for another began
-- earlier than the rules that it replaced.
CREATE OR REPLACE FUNCTION keep_policy_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'reason' - 'no_end_reason' - 'note' - 'accepts_uid_only_reason' END;
    is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'reason' - 'no_end_reason' - 'note' - 'accepts_uid_only_reason' END;
    either jsonb := coalesce(is_now, was);
    key jsonb;
    moved_to bigint;
BEGIN
    IF was IS NOT DISTINCT FROM is_now THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_object_agg(part, either -> part) INTO key FROM unnest(TG_ARGV) AS part;
    -- Waits until no other transaction moves the version.
    moved_to := policy_moves((either ->> 'tenant_id')::uuid);
    INSERT INTO policy_history (tenant_id, version, table_name, row_key, changed_at, operator_id, before, after)
    VALUES (
        (either ->> 'tenant_id')::uuid,
        moved_to,
        TG_TABLE_NAME, key, clock_timestamp(),
        NULLIF(current_setting('app.operator', true), '')::uuid,
        was, is_now
    );
    RETURN NULL;
END
$$;
