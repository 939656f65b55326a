"""Names in the tables of undoing and of cascades are names that AWS has: a slip in one would never be noticed."""

from __future__ import annotations

from functools import cache

import pytest
from botocore.loaders import Loader

from ctaudit.lineage import cascades
from ctaudit.records.targets import targets
from ctaudit.undo import rules
from ctaudit.undo.verdict import Lost, event_of
from tests.trail.ids import Ids
from tests.undo.making import Log
from tests.undo.test_undo import CASES

MODELS = {
    "monitoring": ("cloudwatch",),
    "elasticloadbalancing": ("elb", "elbv2"),
    "elasticmapreduce": ("emr",),
    "elasticfilesystem": ("efs",),
    "states": ("stepfunctions",),
}
"""Services whose events have another name than their model."""
EVENTS = {
    *("DeleteKey", "StartSecretVersionDelete", "EndSecretVersionDelete", "CancelSecretVersionDelete"),
    *("CloseAccountResult", "BackupJobCompleted", "PutBucketLifecycle", "DeleteBucketLifecycle"),
}
"""Events that are no calls, or are called otherwise in S3's model."""


@cache
def calls(service: str) -> frozenset[str]:
    loader = Loader()
    models = MODELS.get(service, (service,))
    found = [loader.load_service_model(model, "service-2")["operations"] for model in models]
    return frozenset(name for each in found for name in each)


@pytest.mark.parametrize("service", sorted({service for service, _ in rules.RULES}))
def test_what_a_rule_is_for_can_be_called(service: str) -> None:
    named = {name for source, name in rules.RULES if source == service}
    assert named - calls(service) - EVENTS == set()


@pytest.mark.parametrize("row", cascades._ROWS, ids=lambda row: row.called)
def test_what_may_begin_a_cascade_can_be_called(row: cascades._Row) -> None:
    assert set(row.calls.split()) - calls(row.called) == set()


def test_what_a_rule_looks_for_can_be_called() -> None:
    """Each rule is asked what it wishes to see, of a case of it."""
    wished: dict[str, set[str]] = {}
    for name, made in CASES.items():
        log = Log(Ids(name))
        made(log)
        for record in log.records:
            event = event_of(record)
            for target in targets(record):
                for wish in rules.wishes(Lost(event, target)):
                    source = wish.source.partition(".")[0] or event.source
                    wished.setdefault(source, set()).update(wish.names.split())
    assert len(wished) > 8
    unknown = {source: names - calls(source) - EVENTS for source, names in wished.items() if source != "braket"}
    assert {source: names for source, names in unknown.items() if names} == {}
