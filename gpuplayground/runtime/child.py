"""The script that an interpreter runs one snippet with: ``child.py WATCHER CHANNEL PROGRESS TRACE STDIN``.

It brings in the rest of this folder as a private package, so that neither the folder nor the names of its modules
are visible to the snippet, leaves a watcher behind on Linux, and hands over. Written so that any Python can at least
say that it is too old.
"""

import sys

PACKAGE = "_gpuplayground_runtime"
#: The same as in ``wire``, which an interpreter that is too old could not import.
TOO_OLD = 86
#: What Python itself has imported by now: a file of the snippet's folder can never take the place of these.
STARTUP_MODULES = frozenset(sys.modules)


def load_runtime(name):  # type: ignore[no-untyped-def]
    """Import a module of this folder as one of a private package and return it."""
    folder = __file__.rpartition("\\" if sys.platform == "win32" else "/")[0]
    # Python put this folder in front of the snippet's path, unless it runs in its safe mode.
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
