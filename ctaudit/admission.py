"""Whether sources can be read in the way that is asked: told before anything is read or written."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.errors import UsageError
from ctaudit.listing import FromS3, named, split_sources
from ctaudit.sources import event_history, files, log_group, s3_urls, standard_input
from ctaudit.sources.own_account import REGION
from ctaudit.sources.s3_urls import split_url


def check(sources: Sequence[str], from_s3: FromS3) -> None:
    """Raise UsageError when there is nothing to be read, or it cannot be asked for that way."""
    on_disk, in_s3, captured = split_sources(sources)
    for source in on_disk:
        if not files.exists(source):
            s3_urls.refuse(source)
    online = in_s3 or captured
    if not online and not any(source == standard_input.NAME or files.exists(source) for source in on_disk):
        raise UsageError(f"there is no such file or folder: {', '.join(map(named, sources))}", "check the spelling")
    if from_s3.narrow and (not online or on_disk):
        raise UsageError(
            "only what lies in AWS can be read in part", "name s3://BUCKET/PREFIX, history: or logs:GROUP, and no file"
        )
    for url in in_s3:
        split_url(url)
    if captured:
        _check_captured(captured, from_s3)


def _check_captured(sources: Sequence[str], how: FromS3) -> None:
    if how.accounts:
        raise UsageError(
            "Event history and log groups are those of the account that the credentials are of",
            "leave --account out, and log in to another account with --profile or --role-arn",
        )
    if odd := [name for name in how.regions if not REGION.fullmatch(name)]:
        raise UsageError(f"'{odd[0]}' is no name of a region", "give one such as eu-west-1")
    for source in sources:
        if source.startswith(log_group.SCHEME):
            region = log_group.parse(source).region
            if region is not None and how.regions and region not in how.regions:
                raise UsageError(f"{source} lies in {region}, which is not asked for", "leave --region out")
        elif source != event_history.NAME:
            raise UsageError(f"'{source}' names more than '{event_history.NAME}'", "choose regions with --region")
