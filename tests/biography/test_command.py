"""`ctaudit biography`: a life to read within 80 columns, rows for scripts, words for what is not there."""

from __future__ import annotations

import csv
import json
from typing import Any

from tests.biography import lives
from tests.biography.conftest import Lived
from tests.cli.processes import on_terminal
from tests.conftest import Ask, Case


def test_a_life_reads_within_80_columns(lived: Lived) -> None:
    done = on_terminal("biography", "ledger", "--no-color", folder=lived.folder)
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "arn:aws:s3:::ledger, life 2" in lines
    text = " ".join(line.strip("│├└─ ") for line in lines)
    assert "2026-03-09T09:09:00Z failed: DeleteBucket (AccessDenied)" in text.replace("  ", " ")
    assert "policy.Statement[Sid=read].Action[]: none -> s3:ListBucket" in text


def test_in_a_pipe_it_is_the_same_tree_unwrapped(ask: Ask, lived: Lived) -> None:
    done = ask("biography", "shop", folder=lived.folder)
    assert done.code == 0
    assert done.out.splitlines()[:5] == [
        lives.STACK,
        "├─ 2026-03-17T09:01:00Z  created: CreateStack",
        f"│     by {lives.ALICE.arn}, from 203.0.113.9",
        "├─ 2026-03-17T09:03:00Z  child: CreateBucket",
        f"│     by {lives.ALICE.arn}, from cloudformation.amazonaws.com",
    ]
    assert done.err.splitlines()[0] == "4 rows"


def test_json_has_the_difference_as_values(ask: Ask, lived: Lived) -> None:
    found: list[dict[str, Any]] = json.loads(ask("biography", "ledger", "--format", "json", folder=lived.folder).out)
    assert found[2]["differences"] == [
        {"path": "policy.Statement[Sid=read].Action[]", "how": "added", "before": None, "after": "s3:ListBucket"}
    ]
    assert found[5]["differences"] == [
        {"path": "tags.team", "how": "changed", "before": "books", "after": "tax"},
        {"path": "tags.cost", "how": "added", "before": None, "after": "7"},
    ]


def test_csv_has_the_difference_in_words(ask: Ask, lived: Lived) -> None:
    done = ask("biography", lives.INSTANCE, "--format", "csv", folder=lived.folder)
    rows = list(csv.DictReader(done.out.splitlines()))
    assert rows[3]["change"] == "sourceDestCheck: true -> false"
    assert "differences" not in rows[0]


def test_the_limit_cuts_the_rows_and_says_so(ask: Ask, lived: Lived) -> None:
    done = ask("biography", "ledger", "--limit", "2", "--format", "jsonl", folder=lived.folder)
    assert len(done.out.splitlines()) == 2
    assert "2 of 11 rows shown; --limit 0 shows all" in done.err


def test_what_is_not_there_says_what_the_logs_cover(ask: Ask, lived: Lived) -> None:
    done = ask("biography", "no-such-thing", "--fail-empty", folder=lived.folder)
    assert (done.out, done.code) == ("", 1)
    assert "no event of its life found" in done.err


def test_the_intruders_user_in_the_sample(ask: Ask, case: Case) -> None:
    found = json.loads(ask("biography", "platform-admin", "--format", "json", folder=case.folder).out)
    assert [(row["kind"], row["event_name"]) for row in found] == [
        ("policy", "UpdateAssumeRolePolicy"),
        ("policy", "PutRolePolicy"),
    ]
    assert found[0]["origin"].endswith("user/ci-deploy")
    assert {row["integrity"] for row in found} == {"unknown"}
