"""``python -m kerf`` is the command ``kerf``."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is being loaded ends it without a word."""
    try:
        from kerf.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
