"""Trino's functions that need no thought: what each is called in DuckDB or among our macros, and what it returns.

Each row was compared with Trino's documentation. What is neither here nor in `function_rules.py` is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ctaudit.dialect.kinds import Type, named


@dataclass(frozen=True, slots=True)
class Function:
    target: str
    """DuckDB's function or our macro, called with the same arguments in the same order."""
    least: int
    most: int
    result: Type
    is_aggregate: bool = False


_SCALARS = """
lower lower 1 1 varchar
upper upper 1 1 varchar
replace replace 3 3 varchar
translate translate 3 3 varchar
strpos strpos 2 2 bigint
strpos ct_strpos 3 3 bigint
lpad lpad 3 3 varchar
rpad rpad 3 3 varchar
ltrim ct_ltrim 1 1 varchar
rtrim ct_rtrim 1 1 varchar
substr ct_substr 2 3 varchar
substring ct_substr 2 3 varchar
split ct_split 2 3 array(varchar)
split_part ct_split_part 3 3 varchar
split_to_map ct_split_to_map 3 3 map
starts_with starts_with 2 2 boolean
chr chr 1 1 varchar
codepoint ord 1 1 bigint
levenshtein_distance levenshtein 2 2 bigint
hamming_distance ct_hamming 2 2 bigint
normalize nfc_normalize 1 1 varchar
to_utf8 encode 1 1 varbinary
from_utf8 decode 1 1 varchar
to_hex hex 1 1 varchar
from_hex unhex 1 1 varbinary
to_base64 to_base64 1 1 varchar
from_base64 from_base64 1 1 varbinary
md5 ct_md5 1 1 varbinary
sha1 ct_sha1 1 1 varbinary
sha256 ct_sha256 1 1 varbinary
json_parse ct_json_parse 1 1 json
json_format ct_json_format 1 1 varchar
json_array_length ct_json_array_length 1 1 bigint
json_array_get ct_json_array_get 2 2 json
json_array_contains ct_json_array_contains 2 2 boolean
is_json_scalar ct_is_json_scalar 1 1 boolean
now now 0 0 timestamptz
from_unixtime ct_unix_time 1 1 timestamptz
to_milliseconds epoch_ms 1 1 bigint
to_unixtime epoch 1 1 double
to_iso8601 ct_to_iso8601 1 1 varchar
last_day_of_month last_day 1 1 date
year year 1 1 bigint
quarter quarter 1 1 bigint
month month 1 1 bigint
week week 1 1 bigint
week_of_year week 1 1 bigint
day day 1 1 bigint
day_of_month day 1 1 bigint
day_of_week isodow 1 1 bigint
dow isodow 1 1 bigint
day_of_year dayofyear 1 1 bigint
doy dayofyear 1 1 bigint
year_of_week ct_year_of_week 1 1 bigint
yow ct_year_of_week 1 1 bigint
hour hour 1 1 bigint
minute minute 1 1 bigint
second second 1 1 bigint
millisecond ct_millisecond 1 1 bigint
abs abs 1 1 =
ceil ceil 1 1 =
ceiling ceil 1 1 =
floor floor 1 1 =
round round 1 2 =
truncate ct_truncate 1 2 =
sign sign 1 1 =
mod mod 2 2 =
sqrt sqrt 1 1 double
exp exp 1 1 double
ln ln 1 1 double
log2 log2 1 1 double
log10 log10 1 1 double
log log 2 2 double
pow power 2 2 double
power power 2 2 double
pi pi 0 0 double
radians radians 1 1 double
degrees degrees 1 1 double
sin sin 1 1 double
cos cos 1 1 double
tan tan 1 1 double
asin asin 1 1 double
acos acos 1 1 double
atan atan 1 1 double
atan2 atan2 2 2 double
random random 0 0 double
rand random 0 0 double
is_nan isnan 1 1 boolean
is_finite isfinite 1 1 boolean
is_infinite isinf 1 1 boolean
bitwise_xor xor 2 2 bigint
nullif nullif 2 2 =
array_distinct ct_array_distinct 1 1 =
array_max ct_array_max 1 1 element
array_min ct_array_min 1 1 element
array_position ct_array_position 2 2 bigint
array_remove ct_array_remove 2 2 =
array_union ct_array_union 2 2 =
array_intersect ct_array_intersect 2 2 =
array_except ct_array_except 2 2 =
array_join ct_array_join 2 3 varchar
arrays_overlap ct_arrays_overlap 2 2 boolean
slice ct_slice 3 3 =
trim_array ct_trim_array 2 2 =
repeat ct_repeat 2 2 array
zip ct_zip 2 3 array
map_entries map_entries 1 1 array
map_from_entries map_from_entries 1 1 map
map_concat map_concat 2 9 =
row row 1 99 row
uuid uuid 0 0
row_number row_number 0 0 bigint
rank rank 0 0 bigint
dense_rank dense_rank 0 0 bigint
percent_rank percent_rank 0 0 double
cume_dist cume_dist 0 0 double
ntile ntile 1 1 bigint
lag lag 1 3 =
lead lead 1 3 =
first_value first_value 1 1 =
last_value last_value 1 1 =
nth_value nth_value 2 2 =
grouping grouping 1 99 bigint
"""

_AGGREGATES = """
count count 0 1 bigint
count_if count_if 1 1 bigint
avg avg 1 1 double
min min 1 2 =
max max 1 2 =
min_by arg_min 2 2 =
max_by arg_max 2 2 =
arbitrary any_value 1 1 =
any_value any_value 1 1 =
bool_and bool_and 1 1 boolean
bool_or bool_or 1 1 boolean
every bool_and 1 1 boolean
array_agg list 1 1 array
stddev stddev_samp 1 1 double
stddev_samp stddev_samp 1 1 double
stddev_pop stddev_pop 1 1 double
variance var_samp 1 1 double
var_samp var_samp 1 1 double
var_pop var_pop 1 1 double
corr corr 2 2 double
covar_pop covar_pop 2 2 double
covar_samp covar_samp 2 2 double
regr_slope regr_slope 2 2 double
regr_intercept regr_intercept 2 2 double
geometric_mean geomean 1 1 double
bitwise_and_agg bit_and 1 1 bigint
bitwise_or_agg bit_or 1 1 bigint
histogram histogram 1 1 map
"""

SAME, ELEMENT = Type("="), Type("element")
"""Results of the type of the first argument, or of its elements."""


@cache
def table() -> Mapping[str, tuple[Function, ...]]:
    """Return the functions by Trino's name, lower case; one for each number of arguments that differs in kind."""
    found: dict[str, tuple[Function, ...]] = {}
    for lines, is_aggregate in ((_SCALARS, False), (_AGGREGATES, True)):
        for line in lines.split("\n"):
            if not line:
                continue
            name, target, least, most, *rest = line.split(" ")
            result = {"=": SAME, "element": ELEMENT}.get(kind := rest[0] if rest else "") or named(kind)
            found[name] = (
                *found.get(name, ()),
                Function(target, int(least), int(most), result, is_aggregate),
            )
    return found
