"""The general rule: which strings of a call's parameters name what it acts on, judged by their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ctaudit.records.anyjson import fold, get_folded

MAX_DEPTH = 12
"""Nesting that is looked into; AWS's own records stay below it."""
MAX_NAME = 400
"""Longer strings are policies, templates and user data, not names."""
STRONG = 5
"""Score from which a string names a target by itself; below it only the best is taken."""

_WRAPPERS = ("items", "item", "member", "content")
_REQUEST = re.compile(r"[A-Z]\w*(?:Request|Req|Input)")
_ID_KEY = re.compile(r"(.*?)(?:ids?|names?|arns?|identifiers?|keys?|urls?)(?:list|set)?")
_BARE = frozenset(
    {
        "id",
        "ids",
        "name",
        "names",
        "arn",
        "arns",
        "identifier",
        "identifiers",
        "resource",
        "resources",
        "resourcearn",
        "resourcearns",
        "resourceid",
        "resourceids",
        "resourceidlist",
    }
)
_REDACTED = re.compile(r"\*+|\.+|-+|HIDDEN_\w+|<\w+>", re.ASCII)
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f]|\A[\s{\[]")
_SKIPPED_TREES = re.compile(
    r"tags?|tagset|taglist|tagspecification\w*|filter|\w*filters|filterset|groupby"
    r"|groupdefinition\w*|environment|encryptioncontext\w*|userdata|metadata|ippermissions\w*"
    r"|\w*policydocument|bucketpolicy|accesscontrolpolicy|grantoperations|parameters"
)
_NOISE = re.compile(
    r"\w*token|key|dryrun|host|x-.*|xmlns\w*|\w*description|comment|\w*password|\w*username_?hint|masterusername"
    r"|account|accountid|accountids|awsaccountid|requestid|\w*requestid|ownerid|\w*ownerid|requesterid|callerreference"
    r"|\w*region|regionname|attributename|attributenames|attributekey|typename|servicename|\w*servicename|hostname"
    r"|\w*sessionname|displayname|\w*engine\w*name|timezone\w*|instancetype|principal|granteeprincipal|qualifier"
    r"|sourceidentity|externalid|serialnumber|tagkeys?|\w*cidr(?!\w*ids?\b)\w*|availabilityzone\w*"
    r"|versionids?|revisionid"
    r"|(?:\w*kms\w*|\w*encryption|master|targetkey|\w*cmk)(?:key)?(?:ids?|arns?)|kmskey|servertoken|deviceindex|action"
    r"|statement|\w*loggrouparn|logdestination|deliverlogspermissionarn|notificationarns?|clientid\w*|s3key|template"
)
_ROLE = re.compile(r"\w*role(?:s|name|arns?)?")


class Leaf(NamedTuple):
    """A string of the parameters that may name a target."""

    key: str
    """Folded; a bare `id` or `name` further down carries its parent's key before it."""
    text: str
    score: int
    depth: int


def unwrap(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take newer EC2 calls out of their single wrapper: `{"DeleteNatGatewayRequest": {"NatGatewayId": ...}}`."""
    if len(parameters) == 1:
        key, value = next(iter(parameters.items()))
        if isinstance(value, Mapping) and isinstance(key, str) and _REQUEST.fullmatch(key):
            return value
    return parameters


def usable(text: str) -> bool:
    """Tell whether a string can be a name: no policy, no redaction (`***`, `HIDDEN_DUE_TO_SECURITY_REASONS`)."""
    return 0 < len(text) <= MAX_NAME and not _UNREADABLE.search(text) and not _REDACTED.fullmatch(text)


def texts_at(value: Any, keys: tuple[str, ...], depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield the strings at a path of folded keys, through lists and EC2's wrappers."""
    if isinstance(value, str):
        if not keys and value:
            yield value
    elif not depth:
        return
    elif isinstance(value, list):
        for item in value:
            yield from texts_at(item, keys, depth - 1)
    elif isinstance(value, Mapping):
        inner = get_folded(value, keys[0]) if keys else None
        if inner is not None:
            yield from texts_at(inner, keys[1:], depth - 1)
            return
        for wrapper in _WRAPPERS:
            if wrapper in value:
                yield from texts_at(value[wrapper], keys, depth - 1)


def scored_leaves(value: Any, bare_event: str, noun: str, source: str) -> list[Leaf]:
    """Score every string below `value` that may name what an event, with that noun, acts on."""
    found: list[Leaf] = []
    _walk(value, "", 0, MAX_DEPTH, _Event(fold(bare_event), _singular(noun), source), found)
    return found


def best_of(leaves: list[Leaf]) -> list[Leaf]:
    """Keep the leaves that name the target: all strong ones near the best, else the best and shallowest weak ones."""
    best = max((leaf.score for leaf in leaves), default=0)
    if best >= STRONG:
        cut = max(STRONG, best - 3)
        return sorted((leaf for leaf in leaves if leaf.score >= cut), key=lambda leaf: -leaf.score)
    if best < 3:
        return []
    depth = min(leaf.depth for leaf in leaves if leaf.score == best)
    return [leaf for leaf in leaves if leaf.score == best and leaf.depth == depth]


def only_one(leaves: list[Leaf]) -> list[Leaf]:
    """Return the single string at the top, whatever its key: `DeleteVerifiedEmailAddress {"emailAddress": ...}`."""
    top = [leaf for leaf in leaves if leaf.depth == 1]
    return top if len(top) == 1 else []


class _Event(NamedTuple):
    name: str
    noun: str
    source: str


def _walk(value: Any, key: str, depth: int, left: int, event: _Event, found: list[Leaf]) -> None:
    """Collect leaves. `depth` counts the keys that mean something, `left` every nesting."""
    if isinstance(value, str):
        score = _key_score(key, depth, event)
        # Only SQS calls a thing by its URL; elsewhere it is where to go next.
        if score is not None and usable(value) and (event.source == "sqs" or not value.startswith("http")):
            score += 3 if value.startswith("arn:") else 0
            found.append(Leaf(key, value, score - (2 if depth > 3 else 0), depth))
    elif not left:
        return
    elif isinstance(value, list):
        for item in value:
            _walk(item, key, depth, left - 1, event, found)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not inner or not isinstance(inner, str | list | Mapping):
                continue
            if name in _WRAPPERS:
                _walk(inner, key, depth, left - 1, event, found)
                continue
            folded = fold(name)
            if isinstance(inner, str) or not _is_skipped(folded):
                full = f"{key}{folded}" if key and folded in _BARE else folded
                _walk(inner, full, depth + 1, left - 1, event, found)


@lru_cache(maxsize=8192)
def _is_skipped(key: str) -> bool:
    return _SKIPPED_TREES.fullmatch(key) is not None


@lru_cache(maxsize=16384)
def _key_score(key: str, depth: int, event: _Event) -> int | None:
    """Score a key; None for noise and for things the call uses but does not act on: its role, its KMS key."""
    is_id = _ID_KEY.fullmatch(key)
    base = _singular(is_id[1] if is_id else key)
    # An account id is noise, except to DeleteAccount.
    if _NOISE.fullmatch(key) and not (is_id and base == event.noun):
        return None
    if _ROLE.fullmatch(key) and event.source not in ("iam", "sts") and "role" not in event.name:
        return None
    score = 3 if is_id else 0
    if key in _BARE and depth <= 1:
        score += 4
    if _names_noun(base, event, exact=not is_id):
        score += 5
    return score


def _names_noun(base: str, event: _Event, exact: bool) -> bool:
    noun = event.noun
    if base and base == noun:
        return True
    if exact or min(len(base), len(noun)) < 3:
        return False
    # `bucket` in PutBucketPolicy, `policy` in AttachRolePolicy, `group` for SecurityGroup; `job` in JobCreated.
    return noun.startswith(base) or noun.endswith(base) or base.endswith(noun) or event.name.startswith(base)


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
