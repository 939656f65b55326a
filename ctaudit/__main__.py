"""Start the command: `ctaudit`, or `python -m ctaudit`."""

import atexit
import os
import sys


def main() -> None:
    try:
        from ctaudit.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # pressed while Python was still importing
        code = 130
    # All is written and closed by now. Taking DuckDB and Arrow apart in good order would cost a tenth of a lookup, but
    # worker processes had a folder for their socket, which would stay.
    if "multiprocessing.util" in sys.modules:
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 4
    os._exit(code)


if __name__ == "__main__":
    main()
