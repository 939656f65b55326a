"""What tests hold of a lake in Athena: the stand-in that answers, and how the lake is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ctaudit.on_athena import OnAthena
from ctaudit.sources import athena as aws
from tests.cloud.athena import Athena

Lake = Callable[..., OnAthena]
"""Opens the lake with settings; of a store, if one is given first, come the names of accounts."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The stand-in over the sample's store, and boto3 that asks it."""

    athena: Athena
    api: aws.Athena
