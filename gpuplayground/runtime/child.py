"""Script that runs one snippet: ``child.py WATCHER CHANNEL PROGRESS TRACE STDIN``.

It imports the rest of this folder as a private package, which keeps the folder and its module names hidden from the
snippet, and on Linux leaves a watcher behind. Its syntax works with any Python, so that an old one can report its
version.
"""

import sys

PACKAGE = "_gpuplayground_runtime"
#: As in ``wire``, which an old interpreter cannot import.
TOO_OLD = 86
#: Modules imported by Python itself, which a file in the snippet's folder cannot shadow.
STARTUP_MODULES = frozenset(sys.modules)


def load_runtime(name):  # type: ignore[no-untyped-def]
    """Import a module of this folder as part of a private package and return it."""
    folder = __file__.rpartition("\\" if sys.platform == "win32" else "/")[0]
    # Python puts this folder first on the path, except in safe-path mode.
    if sys.path and sys.path[0] == folder:
        del sys.path[0]
    if PACKAGE not in sys.modules:
        package = type(sys)(PACKAGE)
        package.__path__ = [folder]
        sys.modules[PACKAGE] = package
    return __import__(PACKAGE + "." + name, fromlist=[name])


if __name__ == "__main__":
    if sys.version_info < (3, 10):
        sys.stderr.write("Python %d.%d\n" % sys.version_info[:2])
        sys.exit(TOO_OLD)
    if sys.argv[1]:
        load_runtime("watcher").watch_over_snippet(sys.argv[1:])  # type: ignore[no-untyped-call]
    load_runtime("main").main(sys.argv[2:], STARTUP_MODULES)  # type: ignore[no-untyped-call]
