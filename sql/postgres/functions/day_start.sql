-- The first instant of a store day: from it on the local date is never an earlier one. Where midnight comes twice
--   (Atlantic/Azores, America/Havana) Postgres's own midnight is the second, an hour into the day; where midnight is
--   left out it is the first instant behind the gap.
--   | 门店日的第一个时刻：此后当地日期不再早于该日。零点出现两次的时区（如亚速尔、哈瓦那），Postgres 自身取第二个，
--   已在当日一小时之后；零点被跳过时取跳过后的第一个时刻。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.day_start(store_day date, store_zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN (((store_day::timestamp AT TIME ZONE store_zone) - interval '1 microsecond') AT TIME ZONE store_zone)::date
            < store_day
            THEN store_day::timestamp AT TIME ZONE store_zone
        -- the clock as it went half a day before reads midnight at the first one
        ELSE (store_day::timestamp AT TIME ZONE store_zone) - interval '12 hours' + (
            store_day::timestamp
            - (((store_day::timestamp AT TIME ZONE store_zone) - interval '12 hours') AT TIME ZONE store_zone)
        )
    END
$$;
