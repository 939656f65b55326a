"""Calls that delete a part of a thing and name only the thing: `DeleteFunctionConcurrency` deletes no function."""

from __future__ import annotations

from ctaudit.records.verbs import noun_of

_PARTS = frozenset(
    [
        *("resourcepolicy", "lifecyclepolicy", "retentionpolicy", "permissionpolicy", "publicaccessblock"),
        *("provisionedconcurrencyconfig", "importedkeymaterial", "accessentry", "permissionsboundary"),
    ]
)
"""Parts whose names do not begin with that of the thing, folded."""
_PLURALS = ("", "s", "es")
_WHOLE = frozenset(["DeleteVpcEndpointServiceConfigurations"])
"""Calls that end the thing, though their name goes on behind it."""


def deletes_a_part(name: str, kind: str | None) -> bool:
    """Tell from a call's bare name whether it deletes a part of a thing of this CloudFormation type, not the thing."""
    noun = noun_of(name)
    if not name.startswith("Delete") or name in _WHOLE:
        return False
    if noun in _PARTS:
        return True
    thing = kind.rpartition("::")[2].lower() if kind else ""
    return bool(thing) and noun.startswith(thing) and noun[len(thing) :] not in _PLURALS
