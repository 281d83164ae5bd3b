"""`python -m workers leads` and `python -m workers jobs`."""

import gc
import sys

# What is loaded now stays for good: to look through it for garbage meanwhile would take a tenth of the start.
gc.disable()

from workers.main import main  # noqa: E402

gc.freeze()
gc.enable()

sys.exit(main(sys.argv[1]))
