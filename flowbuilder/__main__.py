"""`python -m flowbuilder`: the same as the command `flowbuilder`."""

import sys

from flowbuilder.cli import main

if __name__ == "__main__":
    sys.exit(main())
