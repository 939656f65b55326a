"""Trino's functions that DuckDB has not, or has otherwise: as macros, to be made on the connection before the query."""

from __future__ import annotations

import re
from functools import cache

from ctaudit.dialect.address_macros import ADDRESSES

_SETTINGS = """
SET TimeZone = 'UTC';
SET integer_division = true;
"""
"""Athena's session is in UTC, and the quotient of two integers is one."""

_TEXT = """
CREATE MACRO ct_trim(x) AS trim(x, chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13));
CREATE MACRO ct_ltrim(x) AS ltrim(x, chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13));
CREATE MACRO ct_rtrim(x) AS rtrim(x, chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13));
CREATE MACRO ct_substr(x, i) AS
  CASE WHEN x IS NULL OR i IS NULL THEN NULL WHEN i = 0 OR abs(i) > length(x) THEN '' ELSE substr(x, i) END,
  (x, i, n) AS CASE WHEN x IS NULL OR i IS NULL OR n IS NULL THEN NULL
    WHEN i = 0 OR n <= 0 OR abs(i) > length(x) THEN '' ELSE substr(x, i, n) END;
CREATE MACRO ct_split(x, d) AS string_split(x, d),
  (x, d, n) AS CASE WHEN n <= 0 THEN error('Limit must be positive')
    WHEN len(string_split(x, d)) <= n THEN string_split(x, d)
    ELSE list_append(string_split(x, d)[:n - 1], array_to_string(string_split(x, d)[n:], d)) END;
CREATE MACRO ct_split_part(x, d, i) AS
  CASE WHEN i < 1 THEN error('Index must be greater than zero') ELSE string_split(x, d)[i] END;
CREATE MACRO ct_concat_ws(d, x) AS array_to_string(list_filter(x, lambda e : e IS NOT NULL), d);
CREATE MACRO ct_strpos(x, y, n) AS CASE WHEN n <= 0 THEN error('instance must be a positive integer')
  WHEN len(string_split(x, y)) <= n THEN 0
  ELSE length(array_to_string(string_split(x, y)[:n], y)) + 1 END;
CREATE MACRO ct_split_to_map(x, e, k) AS map_from_entries(list_transform(string_split(x, e),
  lambda p : CASE WHEN len(string_split(p, k)) = 2 THEN row(string_split(p, k)[1], string_split(p, k)[2])
    ELSE error('Key-value delimiter must appear exactly once in each entry') END));
CREATE MACRO ct_regexp_extract(x, p, g) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p, g) END;
CREATE MACRO ct_hamming(x, y) AS CASE WHEN length(x) <> length(y)
  THEN error('The input strings to hamming_distance function must have the same length') ELSE hamming(x, y) END;
CREATE MACRO ct_url_part(x, p, g) AS CASE WHEN regexp_matches(x, p) THEN nullif(regexp_extract(x, p, g), '') END;
CREATE MACRO ct_digits_of(t) AS ltrim(replace(string_split(t, 'e')[1], '.', ''), '0-');
CREATE MACRO ct_exponent_of(t) AS coalesce(CAST(string_split(t, 'e')[2] AS INTEGER), 0)
  + CASE WHEN regexp_matches(t, '^-?0*[.]') THEN -length(regexp_extract(t, '^-?0*[.](0*)', 1)) - 1
    ELSE length(regexp_extract(t, '^-?([0-9]+)', 1)) - 1 END;
CREATE MACRO ct_double_text(t) AS list_transform([t], lambda u : CASE WHEN u IN ('inf', '-inf', 'nan')
    THEN replace(replace(u, 'inf', 'Infinity'), 'nan', 'NaN')
  WHEN ct_digits_of(u) = '' THEN u || 'E0'
  ELSE CASE WHEN u[1] = '-' THEN '-' ELSE '' END || ct_digits_of(u)[1] || '.'
    || coalesce(nullif(rtrim(ct_digits_of(u)[2:], '0'), ''), '0') || 'E' || ct_exponent_of(u) END)[1];
CREATE MACRO ct_digits(t) AS CASE WHEN regexp_full_match(t, '[+-]?[0-9]+') THEN t ELSE 'no whole number: ' || t END;
CREATE MACRO ct_time_text(t) AS string_split(t, '.')[1] || '.' || rpad(coalesce(string_split(t, '.')[2], ''), 3, '0');
CREATE MACRO ct_json_text(t) AS CASE WHEN t = 'null' THEN NULL WHEN t[1] IN ('{', '[')
  THEN error('Cannot cast a JSON object or array to varchar') ELSE json_extract_string(t, '$') END;
CREATE MACRO ct_text(x) AS CASE typeof(x)
  WHEN 'DOUBLE' THEN ct_double_text(CAST(x AS VARCHAR))
  WHEN 'FLOAT' THEN ct_double_text(CAST(x AS VARCHAR))
  WHEN 'TIMESTAMP' THEN ct_time_text(CAST(x AS VARCHAR))
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN ct_time_text(regexp_replace(CAST(x AS VARCHAR), '[+]00$', '')) || ' UTC'
  WHEN 'JSON' THEN ct_json_text(CAST(x AS VARCHAR))
  ELSE CAST(x AS VARCHAR) END;
"""

_JSON = """
CREATE MACRO ct_json_extract(j, p) AS TRY(json_extract(CAST(j AS VARCHAR), p));
CREATE MACRO ct_json_extract_scalar(j, p) AS TRY(json_value(CAST(j AS VARCHAR), p) ->> '$');
CREATE MACRO ct_json_part(j, p) AS TRY(json_extract_string(CAST(j AS VARCHAR), p));
CREATE MACRO ct_json_query(j, p) AS TRY(CAST(json_extract(CAST(j AS VARCHAR), p) AS VARCHAR));
CREATE MACRO ct_json_exists(j, p) AS TRY(json_exists(CAST(j AS VARCHAR), p));
CREATE MACRO ct_json_parse(j) AS json(CAST(j AS VARCHAR));
CREATE MACRO ct_json_format(j) AS CAST(j AS VARCHAR);
CREATE MACRO ct_json_size(j, p) AS TRY(CASE json_type(json_extract(CAST(j AS VARCHAR), p))
  WHEN 'ARRAY' THEN CAST(json_array_length(json_extract(CAST(j AS VARCHAR), p)) AS BIGINT)
  WHEN 'OBJECT' THEN CAST(len(json_keys(json_extract(CAST(j AS VARCHAR), p))) AS BIGINT)
  WHEN NULL THEN NULL ELSE CASE WHEN json_exists(CAST(j AS VARCHAR), p) THEN 0 END END);
CREATE MACRO ct_json_array_length(j) AS TRY(CASE WHEN json_type(CAST(j AS VARCHAR)) = 'ARRAY'
  THEN CAST(json_array_length(CAST(j AS VARCHAR)) AS BIGINT) END);
CREATE MACRO ct_json_array_get(j, i) AS TRY(CASE WHEN json_type(CAST(j AS VARCHAR)) = 'ARRAY' THEN
  json_extract(CAST(j AS VARCHAR), '$[' || CASE WHEN i < 0 THEN '#' ELSE '' END || CAST(i AS VARCHAR) || ']') END);
CREATE MACRO ct_json_array_contains(j, v) AS TRY(CASE WHEN json_type(CAST(j AS VARCHAR)) = 'ARRAY' THEN
  len(list_filter(CAST(CAST(CAST(j AS VARCHAR) AS JSON) AS JSON[]),
    lambda e : CAST(e AS VARCHAR) = CAST(to_json(v) AS VARCHAR))) > 0 END);
CREATE MACRO ct_is_json_scalar(j) AS json_type(CAST(j AS VARCHAR)) NOT IN ('OBJECT', 'ARRAY');
CREATE MACRO ct_json_map(j) AS TRY(map_from_entries(list_transform(json_keys(CAST(j AS VARCHAR)),
  lambda k : row(k, json_extract_string(CAST(j AS VARCHAR), '$."' || k || '"')))));
"""

_LISTS = """
CREATE MACRO ct_at(a, i) AS CASE WHEN i < 1 THEN error('SQL array indices start at 1')
  WHEN i > len(a) THEN error('Array subscript must be less than or equal to array length') ELSE a[i] END;
CREATE MACRO ct_element_at(a, i) AS CASE WHEN i = 0 THEN error('SQL array indices start at 1') ELSE a[i] END;
CREATE MACRO ct_at_key(m, k) AS CASE WHEN m IS NULL OR k IS NULL THEN NULL
  WHEN NOT map_contains(m, k) THEN error('Key not present in map') ELSE m[k] END;
CREATE MACRO ct_contains(a, v) AS CASE WHEN a IS NULL OR v IS NULL THEN NULL WHEN list_contains(a, v) THEN true
  WHEN len(list_filter(a, lambda e : e IS NULL)) > 0 THEN NULL ELSE false END;
CREATE MACRO ct_array_distinct(a) AS list_transform(list_filter(range(1, len(a) + 1), lambda i :
  len(list_filter(a[:i - 1], lambda e : e IS NOT DISTINCT FROM a[i])) = 0), lambda i : a[i]);
CREATE MACRO ct_array_position(a, v) AS CASE WHEN a IS NULL OR v IS NULL THEN NULL
  ELSE CAST(coalesce(list_position(a, v), 0) AS BIGINT) END;
CREATE MACRO ct_array_max(a) AS CASE WHEN len(list_filter(a, lambda e : e IS NULL)) = 0 THEN list_max(a) END;
CREATE MACRO ct_array_min(a) AS CASE WHEN len(list_filter(a, lambda e : e IS NULL)) = 0 THEN list_min(a) END;
CREATE MACRO ct_array_sort(a) AS list_sort(a, 'ASC', 'NULLS LAST');
CREATE MACRO ct_array_join(a, d) AS array_to_string(list_transform(a, lambda e : ct_text(e)), d),
  (a, d, n) AS array_to_string(list_transform(a, lambda e : coalesce(ct_text(e), n)), d);
CREATE MACRO ct_array_remove(a, v) AS list_filter(a, lambda e : e IS DISTINCT FROM v);
CREATE MACRO ct_array_union(a, b) AS ct_array_distinct(list_concat(a, b));
CREATE MACRO ct_array_intersect(a, b) AS ct_array_distinct(list_filter(a,
  lambda e : len(list_filter(b, lambda f : f IS NOT DISTINCT FROM e)) > 0));
CREATE MACRO ct_array_except(a, b) AS ct_array_distinct(list_filter(a,
  lambda e : len(list_filter(b, lambda f : f IS NOT DISTINCT FROM e)) = 0));
CREATE MACRO ct_arrays_overlap(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN list_has_any(a, b) THEN true
  WHEN len(a) > 0 AND len(b) > 0 AND len(list_filter(list_concat(a, b), lambda e : e IS NULL)) > 0 THEN NULL
  ELSE false END;
CREATE MACRO ct_slice(a, i, n) AS CASE WHEN a IS NULL OR i IS NULL OR n IS NULL THEN NULL
  WHEN i = 0 THEN error('SQL array indices start at 1') WHEN n < 0 THEN error('length must not be negative')
  WHEN n = 0 OR abs(i) > len(a) THEN a[1:0]
  WHEN i < 0 THEN a[len(a) + i + 1 : least(len(a) + i + n, len(a))] ELSE a[i : i + n - 1] END;
CREATE MACRO ct_trim_array(a, n) AS
  CASE WHEN n < 0 OR n > len(a) THEN error('size must not be negative or exceed array')
  ELSE a[: len(a) - n] END;
CREATE MACRO ct_repeat(x, n) AS list_transform(range(n), lambda i : x);
CREATE MACRO ct_zip(a, b) AS list_zip(a, b), (a, b, c) AS list_zip(a, b, c);
CREATE MACRO ct_map(k, v) AS CASE WHEN len(k) <> len(v) THEN error('Key and value arrays must be the same length')
  ELSE map(k, v) END;
CREATE MACRO ct_map_of_pairs(e) AS map_from_entries(list_transform(list_filter(range(1, len(e) + 1), lambda i :
  len(list_filter(e[:i - 1], lambda f : f.k = e[i].k)) = 0), lambda i : row(e[i].k, e[i].v)));
CREATE MACRO ct_any_match(v) AS CASE WHEN v IS NULL THEN NULL WHEN list_contains(v, true) THEN true
  WHEN len(list_filter(v, lambda e : e IS NULL)) > 0 THEN NULL ELSE false END;
CREATE MACRO ct_all_match(v) AS CASE WHEN v IS NULL THEN NULL WHEN list_contains(v, false) THEN false
  WHEN len(list_filter(v, lambda e : e IS NULL)) > 0 THEN NULL ELSE true END;
CREATE MACRO ct_none_match(v) AS NOT ct_any_match(v);
CREATE MACRO ct_sequence(a, b) AS CASE WHEN a <= b THEN generate_series(a, b) ELSE generate_series(a, b, -1) END,
  (a, b, s) AS CASE WHEN s = 0 OR (b > a AND s < 0) OR (b < a AND s > 0)
    THEN error('sequence stop value should be greater than or equal to start value if step is greater than zero')
    ELSE generate_series(a, b, s) END;
CREATE MACRO ct_decimal_div(a, b) AS CASE WHEN b = 0 THEN error('Division by zero')
  ELSE CAST(a AS DOUBLE) / CAST(b AS DOUBLE) END;
CREATE MACRO ct_double_div(a, b) AS CASE WHEN b <> 0 THEN a / b WHEN isnan(CAST(a AS DOUBLE)) OR a = 0
  THEN CASE WHEN b = 0 THEN CAST('nan' AS DOUBLE) END WHEN b = 0 THEN sign(a) * CAST('inf' AS DOUBLE) END;
CREATE MACRO ct_truncate(x) AS trunc(x), (x, n) AS trunc(x * power(10, n)) / power(10, n);
CREATE MACRO ct_md5(b) AS unhex(md5(b));
CREATE MACRO ct_sha1(b) AS unhex(sha1(b));
CREATE MACRO ct_sha256(b) AS unhex(sha256(b));
"""

# A moment is taken apart as a time in UTC, which is the only zone here: else DuckDB asks calendars that know all zones,
# and takes three times as long.
_TIMES = """
CREATE MACRO ct_from_iso8601(x) AS CAST(replace(x, ' ', '?') AS TIMESTAMPTZ);
CREATE MACRO ct_time(x) AS TRY_CAST(replace(x, '/', '-') AS TIMESTAMPTZ);
CREATE MACRO ct_unix_time(x) AS to_timestamp(round(CAST(x AS DOUBLE), 3));
CREATE MACRO ct_to_iso8601(x DATE) AS CAST(x AS VARCHAR),
  (x TIMESTAMP) AS strftime(x, '%Y-%m-%dT%H:%M:%S.%g'),
  (x TIMESTAMPTZ) AS strftime(make_timestamp(epoch_us(x)), '%Y-%m-%dT%H:%M:%S.%gZ');
CREATE MACRO ct_strftime(x DATE, f) AS strftime(x, f), (x TIMESTAMP, f) AS strftime(x, f),
  (x TIMESTAMPTZ, f) AS strftime(make_timestamp(epoch_us(x)), f);
CREATE MACRO ct_millisecond(x) AS millisecond(x) % 1000;
CREATE MACRO ct_year_of_week(x) AS isoyear(x);
CREATE MACRO ct_date_trunc(u, x DATE) AS CAST(date_trunc(u, x) AS DATE),
  (u, x TIMESTAMP) AS date_trunc(u, x),
  (u, x TIMESTAMPTZ) AS make_timestamptz(epoch_us(date_trunc(u, make_timestamp(epoch_us(x)))));
CREATE MACRO ct_plus(x DATE, d) AS CAST(x + d AS DATE), (x TIMESTAMP, d) AS x + d, (x TIMESTAMPTZ, d) AS x + d;
CREATE MACRO ct_minus(x DATE, d) AS CAST(x - d AS DATE), (x TIMESTAMP, d) AS x - d, (x TIMESTAMPTZ, d) AS x - d;
"""

MACROS = _SETTINGS + _TEXT + _JSON + _LISTS + _TIMES + ADDRESSES
"""Statements that prepare a fresh connection for what `translate` returns. Their names begin with `ct_`."""

_NAMES = re.compile(r"\bct_\w+", re.IGNORECASE)


@cache
def _statements() -> dict[str, str]:
    """Return the macros by name, in an order in which each comes after those it uses."""
    found = re.findall(r"CREATE MACRO (ct_\w+).*?;\n", MACROS, re.DOTALL)
    texts = re.findall(r"CREATE MACRO ct_\w+.*?;\n", MACROS, re.DOTALL)
    return dict(zip(found, texts, strict=True))


def prelude(sql: str) -> str:
    """Return the statements of `MACROS` that this SQL needs: all of them take a quarter of a second to make."""
    needed: set[str] = set()
    waiting = {name.lower() for name in _NAMES.findall(sql)}
    while waiting:
        name = waiting.pop()
        if name in _statements() and name not in needed:
            needed.add(name)
            waiting |= set(_NAMES.findall(_statements()[name]))
    return _SETTINGS + "".join(text for name, text in _statements().items() if name in needed)
