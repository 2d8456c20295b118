"""``python -m benchmarks``: the project's speed on this machine."""

import sys

from benchmarks.command import main

if __name__ == "__main__":
    sys.exit(main())
