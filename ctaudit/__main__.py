"""Start the command: `ctaudit`, or `python -m ctaudit`."""

import sys


def main() -> None:
    try:
        from ctaudit.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # pressed while Python was still importing
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
