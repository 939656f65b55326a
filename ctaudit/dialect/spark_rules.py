"""Calls whose Spark hangs on literals or types; what of the rest Spark has not is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from ctaudit.dialect import spark_formats
from ctaudit.dialect.kinds import Type
from ctaudit.dialect.work import Work, literal_text, type_of

_TEXTS = ("bigint", "boolean", "date")
"""Types whose text is the same in Spark and Trino."""


@dataclass(frozen=True, slots=True)
class Call:
    """A translated call under way to Spark; its arguments are there already."""

    work: Work
    node: exp.Anonymous
    name: str
    nodes: Sequence[exp.Expr]
    given: Sequence[str]
    """The arguments as Spark's SQL."""

    def kind(self, index: int) -> Type:
        return type_of(self.nodes[index])

    def refusal(self, what: str) -> Exception:
        return self.work.refusal(self.node, f"{what} is not translated for Spark", "ask the store: --engine duckdb")


def quoted(text: str) -> str:
    """Return a literal of Spark."""
    return exp.Literal.string(text).sql("spark")


def raw(node: exp.Expr) -> str | None:
    """Return the text of a literal argument, which may be there as Spark's SQL already."""
    return literal_text(node)


def _pattern(place: int) -> Callable[[Call], list[str]]:
    """Return the arguments with the pattern at `place` as Java reads it."""

    def arguments(call: Call) -> list[str]:
        given, text = list(call.given), raw(call.nodes[place])
        if call.name == "regexp_extract_all" and len(given) == 2:
            given.append("0")
        given[place] = f"concat('(?d)', {given[place]})" if text is None else quoted(spark_formats.java_regex(text))
        return given

    return arguments


ARGUMENTS: Mapping[str, Callable[[Call], list[str]]] = dict.fromkeys(
    ("regexp_matches", "ct_regexp_extract", "regexp_extract_all", "string_split_regex", "ct_url_part"), _pattern(1)
)
"""Calls with a template of which an argument is respelled first."""


def _replaced(call: Call) -> str:
    given, by = _pattern(1)(call), raw(call.nodes[2])
    if by is None:
        raise call.refusal("a replacement that is no text in quotes")
    return f"regexp_replace({given[0]}, {given[1]}, {quoted(spark_formats.java_replacement(by))})"


def _path(call: Call) -> str:
    written = raw(call.nodes[1])
    path = None if written is None else spark_formats.json_path(written)
    if path is None:
        raise call.refusal(f"the path {written or ''} into JSON")
    return quoted(path)


def _bound(value: str, body: str) -> str:
    """Return SQL that computes a value once and calls it `ct_j`."""
    return f"element_at(transform(array({value}), ct_j -> {body}), 1)"


def _part(call: Call) -> str:
    return f"get_json_object({call.given[0]}, {_path(call)})"


def _typed(path: str, column: str = "ct_j") -> str:
    return f"try_variant_get(try_parse_json({column}), {path}, 'variant')"


def _scalar(call: Call) -> str:
    """Return a member that is no container; text that looks like one is told from it."""
    path = _path(call)
    kind = f"schema_of_variant({_typed(path)})"
    body = (
        f"CASE WHEN left(get_json_object(ct_j, {path}), 1) NOT IN ('{{', '[') OR {kind} = 'STRING'"
        f" THEN get_json_object(ct_j, {path}) END"
    )
    return _bound(call.given[0], body)


def _json(call: Call) -> str:
    """Return a member as JSON text: containers as they were written, text in quotes."""
    path = _path(call)
    value = _typed(path)
    return _bound(
        call.given[0],
        f"CASE WHEN is_variant_null({value}) OR schema_of_variant({value}) = 'STRING' THEN to_json({value})"
        f" ELSE get_json_object(ct_j, {path}) END",
    )


def _exists(call: Call) -> str:
    value = _typed(_path(call))
    return _bound(call.given[0], f"CASE WHEN try_parse_json(ct_j) IS NOT NULL THEN {value} IS NOT NULL END")


def _size(call: Call) -> str:
    path = _path(call)
    part, kind = f"get_json_object(ct_j, {path})", f"schema_of_variant({_typed(path)})"
    return _bound(
        call.given[0],
        f"CAST(CASE WHEN {kind} LIKE 'ARRAY%' THEN json_array_length({part})"
        f" WHEN {kind} LIKE 'OBJECT%' THEN size(json_object_keys({part}))"
        f" WHEN {kind} IS NOT NULL THEN 0 END AS BIGINT)",
    )


def _to_json(call: Call) -> str:
    kind = call.kind(0)
    if kind.fields or kind.name in ("array", "map"):
        return f"to_json({call.given[0]}, map('ignoreNullFields', 'false'))"
    return f"to_json(CAST({call.given[0]} AS VARIANT))"


def as_text(call: Call, index: int = 0) -> str:
    """Return the text that Trino makes of a value."""
    kind, value = call.kind(index), call.given[index]
    if kind.is_text:
        return value
    if kind.name in (*_TEXTS, "decimal", "null"):
        return f"CAST({value} AS STRING)"
    if kind.name == "timestamp":
        return f"date_format({value}, 'yyyy-MM-dd HH:mm:ss.SSS')"
    if kind.name == "timestamptz":
        return f"date_format({value}, 'yyyy-MM-dd HH:mm:ss.SSS \\'UTC\\'')"
    if kind.name == "json":
        container = "left(ct_j, 1) IN ('{', '[')"
        error = "raise_error('Cannot cast a JSON object or array to varchar')"
        return _bound(value, f"CASE WHEN {container} THEN {error} ELSE get_json_object(ct_j, '$') END")
    raise call.refusal(f"the text of a value of type {kind.name or 'unknown'}")


def _joined(call: Call) -> str:
    element = call.kind(0).element
    if not element.is_text and element.name not in _TEXTS:
        raise call.refusal("array_join of such a list")
    rest = "".join(f", {each}" for each in call.given[1:])
    return f"array_join(transform({call.given[0]}, ct_e -> CAST(ct_e AS STRING)){rest})"


def _shown(call: Call) -> str:
    written = raw(call.nodes[1])
    pattern = None if written is None else spark_formats.java_time(written)
    if pattern is None:
        raise call.refusal("this format of a time")
    return f"date_format({call.given[0]}, {quoted(pattern)})"


def _read(call: Call) -> str:
    written = raw(call.nodes[1])
    pattern = None if written is None or "%z" in written else spark_formats.java_time(written)
    if pattern is None:
        raise call.refusal("this format of a time")
    lenient = "try_to_timestamp" if call.name == "try_strptime" else "to_timestamp"
    return f"CAST({lenient}({call.given[0]}, {quoted(pattern)}) AS TIMESTAMP_NTZ)"


def _truncated(call: Call) -> str:
    unit, value, kind = call.given[0], call.given[1], call.kind(1).name
    made = f"date_trunc({unit}, {value})"
    return f"CAST({made} AS {'DATE' if kind == 'date' else 'TIMESTAMP_NTZ'})" if kind in ("date", "timestamp") else made


def _difference(call: Call) -> str:
    unit = (raw(call.nodes[0]) or "").upper()
    return f"timestampdiff({unit}, {call.given[1]}, {call.given[2]})"


def _iso(call: Call) -> str:
    kind, value = call.kind(0).name, call.given[0]
    if kind == "date":
        return f"CAST({value} AS STRING)"
    zone = "\\'Z\\'" if kind == "timestamptz" else ""
    return f"date_format({value}, 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSS{zone}')"


def _moved(call: Call) -> str:
    """Return a time moved by an interval; Spark makes a time of a date to which days are added."""
    made = f"({call.given[0]} {'-' if call.name == 'ct_minus' else '+'} {call.given[1]})"
    return f"CAST({made} AS DATE)" if call.kind(0).name == "date" else made


def _at(call: Call) -> str:
    index = f"CAST({call.given[1]} AS INT)" if call.kind(0).name == "array" else call.given[1]
    return f"try_element_at({call.given[0]}, {index})"


def _substring(call: Call) -> str:
    text, start = call.given[0], call.given[1]
    rest = "".join(f", {each}" for each in call.given[2:])
    empty = f"CASE WHEN {text} IS NOT NULL THEN '' END"
    outside = f"{start} = 0 OR abs({start}) > length({text})"
    return f"(CASE WHEN {outside} THEN {empty} ELSE substring({text}, {start}{rest}) END)"


def _split(call: Call) -> str:
    delimiter = f"concat('\\\\Q', {call.given[1]}, '\\\\E')"
    if len(call.given) == 2:
        return f"split({call.given[0]}, {delimiter})"
    limit = call.given[2]
    made = f"split({call.given[0]}, {delimiter}, {limit})"
    return f"(CASE WHEN {limit} <= 0 THEN raise_error('Limit must be positive') ELSE {made} END)"


def _chr(call: Call) -> str:
    literal = call.nodes[0]
    if not isinstance(literal, exp.Literal) or literal.is_string or not 0 < int(literal.name) < 256:
        raise call.refusal("chr of more than the first 255 letters")
    return f"chr({call.given[0]})"


def _folded(call: Call) -> str:
    start = f"CAST({call.given[2]} AS BIGINT)" if call.kind(2).name == "bigint" else call.given[2]
    return f"aggregate({call.given[0]}, {start}, {call.given[1]})"


def _truncate(call: Call) -> str:
    scale = f"power(10, {call.given[1]})" if len(call.given) == 2 else "1"
    return f"(signum({call.given[0]}) * floor(abs({call.given[0]}) * {scale}) / {scale})"


def _packed(call: Call) -> str:
    parts = []
    for each in call.nodes:
        if not isinstance(each, exp.PropertyEQ):
            raise call.refusal("a row without names")
        parts.append(f"{quoted(each.this.name)}, {each.expression.sql('spark')}")
    return f"named_struct({', '.join(parts)})"


def _member(call: Call) -> str:
    return f"{call.given[0]}.`{raw(call.nodes[1])}`"


RULES: Mapping[str, Callable[[Call], str]] = {
    "regexp_replace": _replaced,
    "ct_json_part": _part,
    "ct_json_extract_scalar": _scalar,
    "ct_json_extract": _json,
    "ct_json_query": _json,
    "ct_json_exists": _exists,
    "ct_json_size": _size,
    "to_json": _to_json,
    "ct_text": as_text,
    "ct_array_join": _joined,
    "strftime": _shown,
    "ct_strftime": _shown,
    "strptime": _read,
    "try_strptime": _read,
    "ct_date_trunc": _truncated,
    "date_sub": _difference,
    "ct_to_iso8601": _iso,
    "ct_plus": _moved,
    "ct_minus": _moved,
    "ct_element_at": _at,
    "ct_substr": _substring,
    "ct_split": _split,
    "chr": _chr,
    "list_reduce": _folded,
    "ct_truncate": _truncate,
    "struct_pack": _packed,
    "struct_extract": _member,
}
