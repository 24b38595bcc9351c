-- How each agent's journal is, as it said last. One that takes no records is an alarm; the row tells whether it was raised.

ALTER TABLE agents
    ADD COLUMN journal_fault text CONSTRAINT agents_journal_fault_words
        CHECK (journal_fault IN ('reserve', 'full', 'no_space', 'disk_fault', 'silent', 'unusable')),
    ADD COLUMN journal_since timestamptz;
