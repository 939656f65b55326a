"""A case validated: options made of what it gives, and what came of it in the words of `Expected`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from ctaudit.evidence import Options
from ctaudit.validate import Report, validate
from ctaudit.validation_report import verdict
from tests.integrity.mirror import write_mirror
from tests.integrity.scenario import Case, Expected

CODES = {"proven": 0, "failed": 1, "incomplete": 3, "error": 4}
NOWHERE = "no-such-store"


def offline(case: Case, folder: Path) -> Report:
    """Validate the case's mirror, after an earlier state of it when the case remembers one."""
    state = folder / "state.json"
    if case.earlier is not None:
        before = write_mirror(case, folder / "before", case.earlier)
        validate(str(before.root), folder / NOWHERE, options(case, state, tuple(map(str, before.keys))), now=case.until)
    mirror = write_mirror(case, folder / "now")
    given = options(case, state if case.earlier else None, tuple(map(str, mirror.keys)))
    return validate(str(mirror.root / case.place), folder / NOWHERE, given, now=now(case))


def options(case: Case, state: Path | None, keys: tuple[str, ...] = ()) -> Options:
    words = dict(zip(case.options[::2], case.options[1::2], strict=True))
    return Options(
        trails=tuple(value for name, value in words.items() if name == "--trail"),
        accounts=tuple(value for name, value in words.items() if name == "--account"),
        regions=tuple(value for name, value in words.items() if name == "--region"),
        since=case.since,
        until=case.until,
        expired_before=case.expired_before,
        public_keys=keys,
        pins=case.pins,
        bucket_map=case.bucket_map,
        state=str(state) if state else None,
    )


def now(case: Case) -> datetime:
    """The time of the run: late enough that every digest of the span has been delivered."""
    return case.until + timedelta(hours=3)


def differences(report: Report, expected: Expected) -> list[str]:
    """Tell where a report is not what was expected."""
    told = [(found.code, found.key) for found in report.findings]
    code = CODES[verdict(report)]
    return expected.misses(told) + ([] if code == expected.exit else [f"exit {code}, not {expected.exit}"])
