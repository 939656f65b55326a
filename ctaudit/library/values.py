"""Values for a named query's parameters: those given and the defaults, each checked by its kind."""

from __future__ import annotations

from collections.abc import Mapping

from ctaudit.errors import QueryError
from ctaudit.library.kinds import checked, described
from ctaudit.library.named_query import NamedQuery


def values(query: NamedQuery, given: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every parameter; raises QueryError when one is missing, unknown or none of its kind."""
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in given:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise QueryError(f"{query.name} has no parameter '{name}'", has)
    missing = [each for each in query.parameters if each.default is None and each.name not in given]
    if missing:
        listed = ", ".join(f"{each.name} ({each.meaning})" for each in missing)
        hint = " ".join(f"--param {each.name}=VALUE" for each in missing)
        raise QueryError(f"{query.name} has parameters without a value: {listed}", f"give them: {hint}")
    found: dict[str, str] = {}
    for parameter in query.parameters:
        value = checked(parameter.kind, given.get(parameter.name, parameter.default or ""))
        if value is None:
            shown = given.get(parameter.name, "")[:60]
            raise QueryError(f"{parameter.name} of {query.name} is not {described(parameter.kind)}: {shown!r}")
        found[parameter.name] = value
    return found
