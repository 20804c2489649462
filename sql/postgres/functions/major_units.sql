-- An amount of minor units in major units, exactly, with the currency's digits. | 将最小单位金额精确换算为主单位。
-- grain: one call
CREATE OR REPLACE FUNCTION tally.major_units(amount numeric, minor_digits int) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(amount / power(10::numeric, minor_digits), minor_digits)
$$;
