"""What a stranger's SQL may be: one SELECT that names the events and nothing else.

Two walls, each meant to hold without the other. Before the text runs, DuckDB's own parser takes it apart: every
relation, table function and kind of node in it must be one that is known to be harmless, so no comment, quote or
nesting can hide one. While it runs, files, network, extensions and settings are shut off (DuckDB, "Securing DuckDB").
The second wall alone would let it read whole segments, past what the view cuts, and the settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import msgspec

from ctaudit import limits
from ctaudit.engines.names import fold_ascii
from ctaudit.errors import QueryError
from ctaudit.store.views import VIEW, quote

TABLE_FUNCTIONS = frozenset(
    ["unnest", "range", "generate_series", "json_each", "json_tree", "repeat", "repeat_row", "regexp_split_to_table"]
)
"""Table functions that make rows of their arguments alone."""

REFUSED_FUNCTIONS = frozenset(
    [
        *("getenv", "current_setting", "getvariable"),  # the environment and the settings
        *("nextval", "currval", "setval", "setseed", "write_log", "stats"),  # what changes or shows DuckDB's own state
        *("sleep_ms", "pg_sleep"),  # waiting is no question
        *("json_serialize_plan", "parse_duckdb_log_message"),  # the first binds SQL that stands in a text
        *("pg_get_viewdef", "pg_get_expr", "pg_get_constraintdef", "pg_conf_load_time", "pg_postmaster_start_time"),
        *("obj_description", "col_description", "shobj_description", "get_block_size", "duckdb_profiling_settings"),
        *("duckdb_logs_parsed", "txid_current", "current_connection_id", "current_query_id", "current_transaction_id"),
        *("combine", "finalize", "to_aggregate_state"),  # they take inner states as they are given
    ]
)
"""Functions and macros that tell or change something besides the rows; all others compute from their arguments."""

_NODES = frozenset(
    [
        *("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"),
        *("BASE_TABLE", "TABLE_FUNCTION", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "EMPTY_FROM", "SHOW_REF"),
        *("PIVOT", "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"),
        *("ASCENDING", "DESCENDING", "ORDER_DEFAULT", "INVALID"),
    ]
)
"""Kinds of what is no expression in a parsed SELECT; one that is not known here is refused."""
_SHOWN = frozenset(["DESCRIBE", "SUMMARY"])
_LINE = re.compile(r"^LINE (\d+):")


def one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the one SELECT that `sql` is, without its semicolon; raises QueryError when it is anything else."""
    try:
        if len(sql.encode()) > limits.MAX_SQL_BYTES:
            raise QueryError(f"the SQL is longer than {limits.MAX_SQL_BYTES} bytes")
        statements = connection.extract_statements(sql)
    except UnicodeEncodeError as error:
        raise QueryError("the SQL is not UTF-8 text") from error
    except duckdb.Error as error:
        raise QueryError(sentence(error)) from error
    if not statements:
        raise QueryError("there is no SQL", f'try: ctaudit query "SELECT eventname, count(*) FROM {VIEW} GROUP BY ALL"')
    if len(statements) > 1:
        raise QueryError(f"there are {len(statements)} statements; give one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(f"only SELECT is allowed, this is {statements[0].type.name}")
    return _without_end(statements[0].query)


def _without_end(statement: str) -> str:
    """Return the statement without its semicolon and what follows: comments, as there is no second statement."""
    text = statement.encode()
    operators = (at for at, kind in duckdb.tokenize(statement) if kind == duckdb.token_type.operator)
    end = next((at for at in operators if text[at : at + 1] == b";"), len(text))
    return text[:end].decode()


def checked(
    connection: duckdb.DuckDBPyConnection, statement: str, relations: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the statement as DuckDB's parser takes it apart.

    Raises QueryError, with the line and column, at the first thing that it must not name.
    `relations` are names in lower case, beside the view's, that it may read: what our own setup made.
    """
    allowed = relations | {VIEW}
    parsed = _parsed(connection, statement)
    for node, given in _scoped(parsed):
        kind, expression = node.get("type"), node.get("class")
        if not isinstance(kind, str):
            continue
        if expression is None and kind not in _NODES:
            raise QueryError(f"only a SELECT that reads is allowed, and this one has a {_words(kind)} in it")
        if expression is None and kind == "BASE_TABLE":
            _check_relation(node, statement, allowed, given)
        elif expression is None and kind == "TABLE_FUNCTION":
            _check_table_function(node, statement)
        elif expression is None and kind == "SHOW_REF":
            _check_shown(node, allowed)
        elif expression is not None:
            _check_function(node, statement)
    return parsed


_REACH = f"SQL reaches the view {VIEW} and nothing else"


def _parsed(connection: duckdb.DuckDBPyConnection, statement: str) -> dict[str, Any]:
    try:
        found = connection.execute("SELECT json_serialize_sql(?)", [statement]).fetchone()
        assert found is not None  # a SELECT of one value always has one row
        parsed: dict[str, Any] = msgspec.json.decode(found[0])
    except RecursionError as error:
        raise QueryError("the SQL is nested too deeply") from error
    except duckdb.Error as error:
        raise QueryError(sentence(error)) from error
    if parsed.get("error"):
        raise QueryError(str(parsed.get("error_message", "the SQL is not understood")).partition("\n")[0])
    return parsed


_Scope = frozenset[str]
"""Names that WITH has given where something stands in the text, in lower case."""


def _scoped(parsed: dict[str, Any]) -> Iterator[tuple[dict[str, Any], _Scope]]:
    """Yield every object in the parsed text with its scope; without recursion, as the text chooses the depth.

    A name is known after it is given, and in a recursive part, but not to its first half: where it is not known DuckDB
    looks for a table of its own, or for a file if it looks like one.
    """
    waiting: list[tuple[Any, _Scope]] = [(parsed, frozenset())]
    while waiting:
        value, scope = waiting.pop()
        if isinstance(value, list):
            waiting.extend((each, scope) for each in reversed(value))
        elif isinstance(value, dict):
            for entry in (value.get("cte_map") or {}).get("map", []):
                waiting.append((entry["value"], scope))
                scope |= {_given(entry["key"])}
            yield value, scope
            recursive = value.get("type") == "RECURSIVE_CTE_NODE"
            for key, child in reversed(value.items()):
                own = {_given(value["cte_name"])} if recursive and key == "right" else set[str]()
                if key != "cte_map":
                    waiting.append((child, scope | own))


def _given(name: str) -> str:
    """Return a name that WITH gives; one that could be a file's is refused, whatever its scope."""
    if not name.isprintable() or any(mark in name for mark in "/\\.:*?"):
        raise QueryError(f"'{name}' is no name for a part of a query", "use letters, digits and underscores")
    return fold_ascii(name)


def _check_relation(node: dict[str, Any], statement: str, allowed: frozenset[str], given: _Scope) -> None:
    name = str(node.get("table_name"))
    schema, catalog = (fold_ascii(str(node.get(part, ""))) for part in ("schema_name", "catalog_name"))
    known = fold_ascii(name) in allowed and schema in ("", "main") and catalog in ("", "memory")
    if not known and (schema or catalog or fold_ascii(name) not in given):
        full = ".".join(part for part in (catalog, schema, name) if part)
        raise QueryError(f"there is no table '{full}'{_place(node, statement)}", f"the events are in {VIEW}")


def _check_table_function(node: dict[str, Any], statement: str) -> None:
    name = str((node.get("function") or {}).get("function_name", "")).lower()
    if name not in TABLE_FUNCTIONS:
        raise QueryError(f"the table function {name} is not allowed{_place(node, statement)}", _REACH)


def _check_function(node: dict[str, Any], statement: str) -> None:
    name = str(node.get("function_name", "")).lower()
    if name in REFUSED_FUNCTIONS or name.startswith("__internal"):
        raise QueryError(f"the function {name} is not allowed{_place(node, statement)}", _REACH)


def _check_shown(node: dict[str, Any], allowed: frozenset[str]) -> None:
    """Let DESCRIBE and SUMMARIZE tell of a SELECT, which is checked like any other, or of the events."""
    name = fold_ascii(str(node.get("table_name", "")).strip('"'))
    if node.get("show_type") not in _SHOWN or (node.get("query") is None and name not in allowed):
        raise QueryError("only the events can be described", f"try: DESCRIBE {VIEW}")


def _place(node: dict[str, Any], statement: str) -> str:
    """Return where in the text something stands, counted from 1; DuckDB counts bytes, and not for everything."""
    at = node.get("query_location")
    text = statement.encode()
    if not isinstance(at, int) or at >= len(text):
        return ""
    before = text[:at].decode(errors="replace")
    return f" (line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))})"


def _words(kind: str) -> str:
    return kind.removesuffix("_NODE").replace("_", " ").lower()


def lock(connection: duckdb.DuckDBPyConnection, segments: Sequence[str], memory: int) -> None:
    """Leave the SQL nothing to reach but the segments of its span; no setting can be changed after this."""
    allowed = ", ".join(quote(path) for path in segments)
    connection.execute(f"SET memory_limit = '{memory // 1024}KiB'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_paths = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def refusal(error: BaseException) -> QueryError:
    """Return DuckDB's trouble with the SQL as one sentence, with its pointers as advice."""
    return QueryError(sentence(error), _advice(str(error)))


def sentence(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _advice(text: str) -> str:
    """Keep DuckDB's pointers: the column it thinks was meant, and the place in the text, which begins on our line 2."""
    wanted = [_LINE.sub(_line_before, line.strip()) for line in text.splitlines()[1:] if line.strip()]
    if "file system operations are disabled" in text:
        return _REACH
    if "does not exist" in text and "Table" in text:
        return f"the events are in {VIEW}"
    return " ".join(wanted[:2])[:300]


def _line_before(found: re.Match[str]) -> str:
    return f"LINE {int(found[1]) - 1}:"
