-- Fingers that are shown as a sign of duress: they open like any other of the holder's, and raise a silent alarm. Which one it
-- is only administrators are told. Nobody has such a finger alone (server/src/fingers).
ALTER TABLE fingers ADD COLUMN is_duress boolean NOT NULL DEFAULT false;
