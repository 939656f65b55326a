"""Write a tree that was translated for DuckDB as Spark's SQL: node by node, the innermost first."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import ErrorLevel, exp

from ctaudit.dialect.from_clause import RELATION
from ctaudit.dialect.kinds import Type
from ctaudit.dialect.relations import EVENTS, LAKE
from ctaudit.dialect.spark_aggregates import AGGREGATES
from ctaudit.dialect.spark_rules import ARGUMENTS, RULES, Call
from ctaudit.dialect.spark_table import filled
from ctaudit.dialect.work import Work, literal_text, type_of, typed

VIEWS: Mapping[str, str] = {EVENTS: "ct_events", LAKE: "ct_lake"}
"""What the relations are called in Spark: as no query by WITH may be."""
_ROUND = "ctaudit around"
_ELSEWHERE = "ask the store: --engine duckdb"


def written(work: Work, tree: exp.Expr) -> str:
    """Return Spark's SQL; raises QueryError that names what Spark has not, or would give otherwise."""
    for node in [each for each in tree.walk() if RELATION in each.meta]:
        node.set("this", exp.to_identifier(VIEWS[node.meta[RELATION]]))
        node.set("db", None)
    for node in reversed(list(tree.walk())):
        rule = _RULES.get(type(node))
        if rule is None or (node.parent is None and node is not tree):
            continue
        made = rule(work, node)
        if made is not node:
            if node is tree:
                return _sql(made)
            node.replace(made)
    return _sql(tree)


def _sql(node: exp.Expr) -> str:
    return node.sql("spark", comments=False, copy=False, unsupported_level=ErrorLevel.RAISE)


def _as_text(text: str, kind: Type) -> exp.Expr:
    """Return SQL that is written already, as a node of its type."""
    return typed(exp.Var(this=text), kind)


def _call(work: Work, node: exp.Expr) -> exp.Expr:
    """Return a call as Spark has it."""
    assert isinstance(node, exp.Anonymous)
    name = str(node.this)
    nodes: list[exp.Expr] = list(node.expressions)
    given = [_sql(each) for each in nodes]
    call = Call(work, node, name, nodes, given)
    if (aggregate := AGGREGATES.get(name)) is not None:
        body, around = aggregate(call)
        made = _as_text(body, type_of(node))
        made.meta[_ROUND] = around
        return made if isinstance(node.parent, exp.Filter | exp.Window) else _rounded(made)
    if name == "try":
        return nodes[0].copy()  # made lenient already
    if (rule := RULES.get(name)) is not None:
        return _as_text(rule(call), type_of(node))
    if (respelled := ARGUMENTS.get(name)) is not None:
        given = respelled(call)
    text = filled(name, given)
    if text is None:
        shown = "IPADDRESS" if name.startswith(("ct_ip", "ct_try_ip")) else name.removeprefix("ct_")
        raise work.refusal(node, f"{shown} is not translated for Spark", _ELSEWHERE)
    return _as_text(text, type_of(node))


def _rounded(node: exp.Expr) -> exp.Expr:
    around = node.meta.pop(_ROUND, "{0}")
    return _as_text(around.replace("{0}", _sql(node)), type_of(node)) if around != "{0}" else node


def _filtered(work: Work, node: exp.Expr) -> exp.Expr:
    """Return an aggregate with its FILTER or OVER, and put around it what belongs there."""
    around = node.this.meta.pop(_ROUND, None)
    if around is None:
        return node
    made = _as_text(_sql(node), type_of(node))
    made.meta[_ROUND] = around
    return made if isinstance(node.parent, exp.Window) else _rounded(made)


_LENIENT = {"ct_from_iso8601": "ct_time", "strptime": "try_strptime"}


def leniently(work: Work, tree: exp.Expr) -> None:
    """Give null in the place of errors inside of each TRY; raises QueryError where that is not known how."""
    for attempt in [each for each in tree.walk() if isinstance(each, exp.Anonymous) and str(each.this) == "try"]:
        for node in list(attempt.expressions[0].walk()):
            if type(node) is exp.Cast:
                node.replace(typed(exp.TryCast(this=node.this, to=node.to), type_of(node)))
            elif isinstance(node, exp.Anonymous) and str(node.this) in _LENIENT:
                node.set("this", _LENIENT[str(node.this)])
            elif isinstance(node, exp.Div):
                node.meta["ctaudit lenient"] = True
            elif isinstance(node, exp.Anonymous) and str(node.this) in ("ct_at", "ct_at_key", "unhex", "encode"):
                raise work.refusal(attempt, f"{node.this} inside of try is not translated for Spark", _ELSEWHERE)


def _spelled(target: exp.DataType) -> str:
    """Return a type of DuckDB's in Spark's words."""
    kind = target.args.get("kind")
    built = exp.DataType.build(str(kind), dialect="duckdb") if isinstance(kind, str) else target.copy()
    for each in built.find_all(exp.DataType):
        if each.this is exp.DType.TIMESTAMP:
            each.set("this", exp.DType.TIMESTAMPNTZ)
        elif each.this is exp.DType.UUID:
            each.set("this", exp.DType.TEXT)
    text = built.sql("spark")
    return "TIMESTAMP" if text == "TIMESTAMP_LTZ" else text


def _cast(work: Work, node: exp.Expr) -> exp.Expr:
    assert isinstance(node, exp.Cast)
    kind, given, spelled = type_of(node), type_of(node.this), _spelled(node.to)
    value, attempt = _sql(node.this), isinstance(node, exp.TryCast)
    if given.name == "json" and spelled != "STRING":
        if kind.name in ("array", "map", "row"):
            return _as_text(_of_json(work, node, value, spelled), kind)
        value = f"get_json_object({value}, '$')"
    if given.name == "double" and spelled == "STRING":
        raise work.refusal(node, "the text of a number of type double is not translated for Spark", _ELSEWHERE)
    return _as_text(f"{'TRY_CAST' if attempt else 'CAST'}({value} AS {spelled})", kind)


def _of_json(work: Work, node: exp.Expr, value: str, spelled: str) -> str:
    """Return JSON text as a value of a type; what stays JSON in it becomes text again."""
    made = f"from_json({value}, '{spelled.replace('JSON', 'VARIANT')}', map('mode', 'FAILFAST'))"
    if "JSON" not in spelled:
        return made
    if spelled == "ARRAY<JSON>":
        part = "get(from_json(ct_j, 'ARRAY<VARIANT>', map('mode', 'FAILFAST')), ct_i)"
        written = f"CASE WHEN is_variant_null({part}) OR schema_of_variant({part}) = 'STRING' THEN to_json({part})"
        written = f"{written} ELSE get_json_object(ct_j, concat('$[', ct_i, ']')) END"  # its members in their order
        each = f"transform(sequence(0, json_array_length(ct_j) - 1), ct_i -> {written})"
        listed = f"CASE WHEN json_array_length(ct_j) = 0 THEN array() ELSE {each} END"
        return f"element_at(transform(array({value}), ct_j -> {listed}), 1)"
    if spelled == "MAP<STRING, JSON>":
        return f"transform_values({made}, (ct_k, ct_e) -> to_json(ct_e))"
    raise work.refusal(node, "JSON within rows is not translated for Spark", _ELSEWHERE)


def _quotient(work: Work, node: exp.Expr) -> exp.Expr:
    left, right = _sql(node.this), _sql(node.args["expression"])
    if type_of(node).name != "bigint":
        message = "a quotient of values whose types are not known is not translated for Spark"
        raise work.refusal(node, message, "try: CAST(… AS bigint) or CAST(… AS double)")
    made = f"({left} div {right})"
    lenient = node.meta.get("ctaudit lenient")
    return _as_text(f"CASE WHEN {right} <> 0 THEN {made} END" if lenient else made, type_of(node))


def _zoned(work: Work, node: exp.Expr) -> exp.Expr:
    moment, zone = _sql(node.this), _sql(node.args["zone"])
    return _as_text(f"CAST(from_utc_timestamp({moment}, {zone}) AS TIMESTAMP_NTZ)", type_of(node))


def _like(work: Work, node: exp.Expr) -> exp.Expr:
    """Return LIKE without the escape that Spark has and Trino has not."""
    if isinstance(node.parent, exp.Escape):
        return node
    pattern = literal_text(node.args["expression"])
    if pattern is not None and "\\" not in pattern:
        return node
    return exp.Escape(this=node.copy(), expression=exp.Literal.string("\x07"))


def _choice(work: Work, node: exp.Expr) -> exp.Expr:
    """Return `if(a, b)` with the null that it gives else."""
    if not isinstance(node.parent, exp.Case) and node.args.get("false") is None:
        node.set("false", exp.Null())
    return node


def _clock(work: Work, node: exp.Expr) -> exp.Expr:
    return _as_text("localtimestamp()", type_of(node))


Rule = Callable[[Work, exp.Expr], exp.Expr]
_RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Anonymous: _call,
    exp.Filter: _filtered,
    exp.Window: _filtered,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Div: _quotient,
    exp.AtTimeZone: _zoned,
    exp.Like: _like,
    exp.If: _choice,
    exp.Localtimestamp: _clock,
}
