"""Writes sample_logs/ anew: `python -m tests.trail [FOLDER]`, from the root of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.trail.write import write


def main(arguments: list[str]) -> None:
    """Write the sample into the folder that is named, or into `sample_logs`."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parents[2] / "sample_logs"
    print(f"{write(folder)} files in {folder}", file=sys.stderr)


main(sys.argv[1:])
