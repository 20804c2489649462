-- One call is one record of the log: its value and append time in, one ROW of the parsed event out.
-- grain: one record; `reason` is NULL for an accepted event, else only `reason` and `line` are set
CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS parse_event AS 'pipeline.parse_event.parse_event' LANGUAGE PYTHON
