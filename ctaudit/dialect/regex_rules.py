"""Functions of regular expressions: what RE2 reads as Java does, and a refusal of what it does not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ctaudit.dialect import formats
from ctaudit.dialect.kinds import BIGINT, BOOLEAN, VARCHAR, array
from ctaudit.dialect.text_rules import literal, want
from ctaudit.dialect.work import Work, call, literal_text, number, text

Given = Sequence[exp.Expr]


def _pattern(work: Work, node: exp.Anonymous, given: exp.Expr) -> exp.Expr:
    """Return the pattern for RE2; one that is no literal is left as it is, and RE2 says when it cannot read it."""
    spelled = literal_text(given)
    if spelled is None:
        return given
    lacking = formats.java_only(spelled)
    if lacking:
        raise work.refusal(node, f"the pattern of {str(node.this).lower()} has {lacking}, which is not translated")
    return text(formats.re2(spelled))


def _group(work: Work, node: exp.Anonymous, given: Given) -> int:
    """Return the number of the group asked for; refused where a match may leave it out."""
    if len(given) < 3:
        return 0
    if not isinstance(given[2], exp.Literal) or given[2].is_string:
        raise work.refusal(node, f"the group of {str(node.this).lower()} must be a number to be translated")
    pattern, asked = literal_text(given[1]), int(given[2].name)
    if asked and (pattern is None or formats.may_be_missing(pattern, asked)):
        raise work.refusal(
            node, f"the pattern of {str(node.this).lower()} may leave out group {asked}, which is not translated"
        )
    return asked


def _like(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    return call("regexp_matches", given[0], _pattern(work, node, given[1]), kind=BOOLEAN)


def _extract(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 3)
    group = _group(work, node, given)
    return call("ct_regexp_extract", given[0], _pattern(work, node, given[1]), number(group), kind=VARCHAR)


def _extract_all(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 3)
    group = _group(work, node, given)
    pattern = _pattern(work, node, given[1])
    return call("regexp_extract_all", given[0], pattern, number(group), kind=array(VARCHAR))


def _replace(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 3)
    spelled = literal(work, node, given[2], "the replacement") if len(given) == 3 else ""
    by = formats.replacement(spelled)
    if by is None:
        raise work.refusal(node, "the replacement of regexp_replace has more than text and $1, which is not translated")
    return call("regexp_replace", given[0], _pattern(work, node, given[1]), text(by), text("g"), kind=VARCHAR)


def _count(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    found = call("regexp_extract_all", given[0], _pattern(work, node, given[1]))
    return call("len", found, kind=BIGINT)


def _split(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    return call("string_split_regex", given[0], _pattern(work, node, given[1]), kind=array(VARCHAR))


RULES = {
    "regexp_like": _like,
    "regexp_extract": _extract,
    "regexp_extract_all": _extract_all,
    "regexp_replace": _replace,
    "regexp_count": _count,
    "regexp_split": _split,
}
