"""`validate`: prove the logs, and tell what is not proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.aws_options import LOGIN, login_of
from ctaudit.cli.options import FORMAT, PLAIN, SPAN, TEXT, TIME, now_of, streams_of
from ctaudit.cli.progress import progress
from ctaudit.cli.streams import EXIT_FAILED, EXIT_PARTIAL, EXIT_REPORT, Streams
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.tallies import FileVerdict
    from ctaudit.validate import Report

_CODES = {"failed": EXIT_REPORT, "error": EXIT_FAILED, "incomplete": EXIT_PARTIAL, "proven": 0}
_NOT_OF_AWSCLI = {
    "pins": "--pin",
    "state": "--state",
    "strict": "--strict",
    "bucket_map": "--bucket-map",
    "expired_before": "--expired-before",
    "jobs": "--jobs",
}
"""Options that would be passed over with `--compat`, by parameter."""
_PATH = click.Path(path_type=str)


def _bucket_map(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in value:
        old, _, new = text.partition("=")
        if not (old and new):
            raise click.BadParameter(f"'{text}' is not OLD=NEW", ctx, param)
        pairs[old] = new
    return pairs


def _pins(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for pin in value:
        if len(pin) != 64 or not set(pin.lower()) <= set("0123456789abcdef"):
            raise click.BadParameter(f"'{pin}' is no SHA-256, which has 64 hexadecimal digits", ctx, param)
    return value


_EVIDENCE = (
    click.option(
        "--trail",
        "trails",
        type=TEXT,
        multiple=True,
        metavar="NAME",
        help="Only this trail, by name or ARN; repeatable.",
    ),
    SPAN,
    click.option(
        "--public-keys",
        type=_PATH,
        multiple=True,
        metavar="FILE",
        help="What `aws cloudtrail list-public-keys` printed, or a folder of such files; repeatable.",
    ),
    click.option(
        "--metadata",
        type=_PATH,
        metavar="PATH",
        help="Metadata of digests: a folder of X.meta.json, or a JSONL manifest. Default: X.meta.json beside each.",
    ),
    click.option(
        "--bucket-map",
        multiple=True,
        callback=_bucket_map,
        metavar="OLD=NEW",
        help="What lay in the bucket OLD lies in NEW now, a bucket or a folder; repeatable.",
    ),
    click.option(
        "--state",
        type=_PATH,
        metavar="FILE",
        help="Remembers the last proven digest of each chain, and tells at the next run if it is gone.",
    ),
    click.option(
        "--pin",
        "pins",
        multiple=True,
        callback=_pins,
        metavar="SHA256",
        help="Trust only the public key with this SHA-256; repeatable.",
    ),
    click.option(
        "--expired-before", type=TIME, metavar="TIME", help="Digests older than this may be gone by a lifecycle rule."
    ),
)


def _with_evidence(function: Any) -> Any:
    for option in reversed(_EVIDENCE):
        function = option(function)
    return function


@click.command("validate", short_help="Prove the logs by their digests.")
@click.argument("source", required=False, type=_PATH)
@_with_evidence
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what became of each file.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Processes, or connections to S3. Default: one a processor, 64 to S3.",
)
@click.option(
    "--compat",
    type=click.Choice(["awscli"]),
    help="Check and print only what `aws cloudtrail validate-logs` does, for scripts that read that.",
)
@LOGIN
@FORMAT
@PLAIN
@click.pass_context
def validate(ctx: click.Context, /, source: str | None, compat: str | None, **options: Any) -> int:
    """Prove log files by CloudTrail's digests: that each is what AWS wrote, and that none is gone or slipped in.

    SOURCE is a folder that mirrors a bucket, or s3://bucket/prefix; without it, the files that the store knows. All
    trails, accounts and regions found there are validated. If there is a store it is given the verdicts, and lookups
    show them as integrity. A folder needs the public keys: --public-keys, or a folder public-keys in it.

    \b
    Exit codes:
      0  everything is proven and covered
      1  something is not what AWS wrote, or is gone, or was slipped in
      3  something is not proven or not covered, or there was nothing to prove
      4  something could not be read

    \b
    Examples:
      ctaudit validate ./mirror --public-keys keys-us-east-1.json
      ctaudit validate s3://my-trail-logs --since 7d --state proven.json
      ctaudit validate --account 111122223333 --format json
    """
    return _like_awscli(ctx, source, **options) if compat else _prove(ctx, source, **options)


def _prove(ctx: click.Context, source: str | None, **options: Any) -> int:
    from ctaudit.evidence import Options
    from ctaudit.validate import validate as prove

    streams = streams_of(ctx)
    store, chosen, strict, jobs = (options.pop(name) for name in ("store", "format_", "strict", "jobs"))
    told = _teller(streams) if options.pop("verbose") else None
    names = {"accounts": options.pop("account"), "regions": options.pop("region"), "login": login_of(options)}
    with progress(streams, wanted=told is None) as bar:
        report = prove(source, store, Options(**options, **names), now=now_of(ctx), jobs=jobs, progress=bar, told=told)
    return _tell(streams, report, Format(chosen), strict)


def _teller(streams: Streams) -> Callable[[FileVerdict], None]:
    def tell(verdict: FileVerdict) -> None:
        streams.say(f"{verdict.status:8}  {verdict.kind:6}  {verdict.key}  {verdict.reason}")

    return tell


def _tell(streams: Streams, report: Report, format: Format, strict: bool) -> int:  # noqa: A002
    """Print the report and return the exit code."""
    from ctaudit.table import Document
    from ctaudit.validation_report import content, finding_table, summary, verdict

    comes_to = verdict(report, strict=strict)
    if format in (Format.JSON, Format.JSONL):
        streams.document(Document(content(report, comes_to)), format)
    elif format in (Format.TABLE, Format.MARKDOWN):
        _tell_tables(streams, report, format)
    else:
        streams.tables([finding_table(report)], format)
    code = _CODES[comes_to]
    streams.say(summary(report, comes_to), urgent=code != 0)
    return code


def _tell_tables(streams: Streams, report: Report, format: Format) -> None:  # noqa: A002
    """Print a table of chains and the findings: on a terminal as paragraphs, since their sentences must not be cut."""
    from ctaudit.validation_report import chain_table, finding_table

    if format is not Format.TABLE or not streams.stdout_terminal:
        streams.tables([chain_table(report), finding_table(report)], format)
        return
    streams.tables([chain_table(report)], format)
    if report.findings:
        streams.text("")
        streams.blocks(finding_table(report))


def _like_awscli(ctx: click.Context, source: str | None, **options: Any) -> int:
    """Do what the AWS CLI does, and print what it prints."""
    from ctaudit.compat import validate_like_awscli
    from ctaudit.key_rings import key_texts

    streams = streams_of(ctx)
    if len(options["trails"]) != 1 or options["since"] is None:
        raise click.UsageError("--compat awscli needs one --trail, its ARN, and --since", ctx)
    refused = [name for name in _NOT_OF_AWSCLI if options[name]]
    if refused or options["format_"] != Format.TABLE.value:
        shown = ", ".join(_NOT_OF_AWSCLI[name] for name in refused) or "--format"
        raise click.UsageError(f"--compat awscli does what the AWS CLI does, which has no {shown}", ctx)
    if len(options["account"]) > 1 or len(options["region"]) > 1:
        raise click.UsageError("--compat awscli takes one --account and one --region", ctx)
    run = validate_like_awscli(
        source,
        options["trails"][0],
        options["since"],
        options["until"] or now_of(ctx),
        account_id=next(iter(options["account"]), None),
        region=next(iter(options["region"]), None),
        verbose=options["verbose"],
        public_keys=tuple(key_texts(options["public_keys"])),
        metadata=options["metadata"],
        login=login_of(options),
    )
    for stream, text in run:
        streams.raw(text, error=stream == "stderr")
    return run.exit_code
