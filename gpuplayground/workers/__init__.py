"""Background threads of the window, using QtCore only: the monitor, runs, the history and writes to disk."""
