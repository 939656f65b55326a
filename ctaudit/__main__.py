"""Start the command: `ctaudit`, or `python -m ctaudit`."""

import sys


def main() -> None:
    from ctaudit.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
