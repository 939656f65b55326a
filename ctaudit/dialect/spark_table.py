"""What translated calls are called in Spark: those that need no thought, as templates of its SQL.

The translator writes for DuckDB first, and its functions and our macros are the whole vocabulary that can come out of
it. Each is here, in `spark_rules.py`, or refused by name. `{0}` is the first argument; what ends in `(*)` takes all of
them. An argument that is named twice is computed twice, so long ones are given a name:
`element_at(transform(array(x), y -> …), 1)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

_SAME = """
lower upper replace translate lpad rpad length octet_length reverse flatten coalesce nullif greatest least
concat_ws printf:format_string left url_decode starts_with:startswith ord:ascii levenshtein hex unhex
to_base64:base64 from_base64:unbase64 list_reverse:reverse substr:substring error:raise_error
year quarter month day hour minute second dayofyear last_day week:weekofyear now:current_timestamp
abs ceil floor round sign:signum mod sqrt exp ln log2 log10 log power pi radians degrees sin cos tan asin acos atan
atan2 random:rand isnan uuid row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
nth_value grouping map_entries map_keys map_values map_from_entries row:struct
count count_if avg sum min max arg_min:min_by arg_max:max_by bool_and bool_or stddev_samp stddev_pop var_samp var_pop
corr covar_pop covar_samp regr_slope regr_intercept bit_and bit_or
list_filter:filter list_transform:transform ct_array_distinct:array_distinct ct_array_sort:array_sort
ct_array_union:array_union ct_array_intersect:array_intersect ct_array_except:array_except
ct_arrays_overlap:arrays_overlap ct_array_position:array_position ct_contains:array_contains ct_map:map_from_arrays
ct_repeat:array_repeat ct_sequence:sequence generate_series:sequence ct_json_array_length:json_array_length
ct_side_by_side:arrays_zip posexplode map
"""
"""Called with the same arguments; behind a colon Spark's own name."""

_TEMPLATES = r"""
encode: encode({0}, 'UTF-8')
decode: decode({0}, 'UTF-8')
ct_md5: unhex(md5({0}))
ct_sha1: unhex(sha1({0}))
ct_sha256: unhex(sha2({0}, 256))
strpos: CAST(locate({1}, {0}) AS BIGINT)
len: CAST(size({0}) AS BIGINT)
cardinality: CAST(size({0}) AS BIGINT)
ct_trim: trim(BOTH ' \t\n\u000B\f\r' FROM {0})
ct_ltrim: trim(LEADING ' \t\n\u000B\f\r' FROM {0})
ct_rtrim: trim(TRAILING ' \t\n\u000B\f\r' FROM {0})
trim: trim(BOTH {1} FROM {0})
ltrim: trim(LEADING {1} FROM {0})
rtrim: trim(TRAILING {1} FROM {0})
ct_concat_ws: array_join({1}, {0})
ct_split_part: CASE WHEN {2} < 1 THEN raise_error('Index must be greater than zero') ELSE get(split({0},
  concat('\\Q', {1}, '\\E')), {2} - 1) END
ct_digits: CASE WHEN regexp_like({0}, '^[+-]?[0-9]+$') THEN {0} ELSE concat('no whole number: ', {0}) END
xor: ({0} ^ {1})
isfinite: (NOT isnan({0}) AND abs({0}) <> CAST('Infinity' AS DOUBLE))
isinf: (abs({0}) = CAST('Infinity' AS DOUBLE))
geomean: exp(avg(ln({0})))
any_value: any_value({0}, true)
isodow: (weekday({0}) + 1)
ct_year_of_week: extract(YEAROFWEEK FROM {0})
ct_millisecond: (CAST(extract(SECOND FROM {0}) * 1000 AS BIGINT) % 1000)
epoch: (unix_micros(CAST({0} AS TIMESTAMP)) / 1e6D)
ct_unix_time: timestamp_millis(CAST(round({0} * 1000) AS BIGINT))
ct_from_iso8601: CAST(replace({0}, ' ', '?') AS TIMESTAMP)
ct_time: TRY_CAST({0} AS TIMESTAMP)
to_milliseconds: make_dt_interval(0, 0, 0, CAST({0} AS DECIMAL(18, 3)) / 1000)
to_seconds: make_dt_interval(0, 0, 0, {0})
to_minutes: make_dt_interval(0, 0, {0})
to_hours: make_dt_interval(0, {0})
to_days: make_dt_interval({0})
to_weeks: make_dt_interval({0} * 7)
to_months: make_ym_interval(0, {0})
to_years: make_ym_interval({0})
ct_decimal_div: CASE WHEN {1} = 0 THEN raise_error('Division by zero') ELSE CAST({0} AS DOUBLE) / CAST({1} AS
  DOUBLE) END
ct_double_div: CASE WHEN {1} <> 0 THEN {0} / {1} WHEN isnan({0}) OR {0} = 0 THEN CASE WHEN {1} = 0 THEN
  CAST('NaN' AS DOUBLE) END WHEN {1} = 0 THEN signum({0}) * CAST('Infinity' AS DOUBLE) END
ct_any_match: exists({0}, ct_e -> ct_e)
ct_all_match: forall({0}, ct_e -> ct_e)
ct_none_match: (NOT exists({0}, ct_e -> ct_e))
ct_array_max: element_at(transform(array({0}), ct_a -> CASE WHEN NOT exists(ct_a, ct_e -> ct_e IS NULL) THEN
  array_max(ct_a) END), 1)
ct_array_min: element_at(transform(array({0}), ct_a -> CASE WHEN NOT exists(ct_a, ct_e -> ct_e IS NULL) THEN
  array_min(ct_a) END), 1)
ct_array_remove: filter({0}, ct_e -> NOT (ct_e <=> {1}))
ct_slice: slice({0}, CAST({1} AS INT), CAST({2} AS INT))
ct_trim_array: CASE WHEN {1} < 0 OR {1} > size({0}) THEN raise_error('size must not be negative or exceed
  array') ELSE slice({0}, 1, CAST(size({0}) - {1} AS INT)) END
ct_at: CASE WHEN {1} < 1 THEN raise_error('SQL array indices start at 1') ELSE element_at({0}, CAST({1} AS
  INT)) END
list_extract: try_element_at({0}, CAST({1} AS INT))
map_extract_value: try_element_at({0}, {1})
ct_at_key: CASE WHEN map_contains_key({0}, {1}) THEN element_at({0}, {1}) WHEN {0} IS NOT NULL AND {1} IS NOT
  NULL THEN raise_error('Key not present in map') END
map_concat: element_at(transform(array(struct({0} AS a, {1} AS b)), ct_m -> map_zip_with(ct_m.a, ct_m.b, (ct_k,
  ct_x, ct_y) -> CASE WHEN map_contains_key(ct_m.b, ct_k) THEN ct_y ELSE ct_x END)), 1)
ct_map_of_pairs: element_at(transform(array({0}), ct_a -> map_from_entries(filter(ct_a, (ct_e, ct_i) ->
  array_position(transform(ct_a, ct_f -> ct_f.k), ct_e.k) = ct_i + 1))), 1)
ct_regexp_extract: CASE WHEN regexp_like({0}, {1}) THEN regexp_extract({0}, {1}, {2}) END
ct_url_part: CASE WHEN regexp_like({0}, {1}) THEN nullif(regexp_extract({0}, {1}, {2}), '') END
regexp_matches: regexp_like({0}, {1})
regexp_extract_all: regexp_extract_all({0}, {1}, {2})
string_split_regex: split({0}, {1})
ct_listed: coalesce({0}, array())
ct_json_format: {0}
ct_json_map: from_json({0}, 'MAP<STRING, STRING>')
ct_is_json_scalar: (left({0}, 1) NOT IN ('{{', '['))
ct_json_parse: element_at(transform(array({0}), ct_j -> CASE WHEN schema_of_variant(parse_json(ct_j)) RLIKE
  '^(OBJECT|ARRAY)' THEN get_json_object(ct_j, '$') ELSE to_json(parse_json(ct_j)) END), 1)
"""


@cache
def _templates() -> Mapping[str, str]:
    """Return Spark's SQL by the name of the translated call."""
    found: dict[str, str] = {}
    for word in _SAME.split():
        name, _, own = word.partition(":")
        found[name] = f"{own or name}(*)"
    for line in _TEMPLATES.replace("\n  ", " ").strip().splitlines():
        name, _, template = line.partition(": ")
        found[name] = f"({template})" if template.startswith("CASE") else template
    return found


def filled(name: str, given: Sequence[str]) -> str | None:
    """Return a call in Spark's SQL, None when there is no template for it."""
    template = _templates().get(name)
    if template is None:
        return None
    return f"{template[:-3]}({', '.join(given)})" if template.endswith("(*)") else template.format(*given)
