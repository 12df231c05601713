"""``python main.py`` from a source tree: the window, with the same options as the command ``gpuplayground``."""

import sys

from gpuplayground.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
