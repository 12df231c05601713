"""``python -m gpuplayground`` is the command ``gpuplayground``."""

import sys

from gpuplayground.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
