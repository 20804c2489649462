-- Deletes the live rows of one table that the shadow does not have. Names are filled in, quoted.
-- grain: the table's key
DELETE FROM {live} AS l
WHERE NOT EXISTS (SELECT FROM {shadow} AS s WHERE ({shadow_key}) = ({live_key}));
