"""``python -m kerf`` is the command ``kerf``."""

from kerf.cli import main

if __name__ == "__main__":
    main()
