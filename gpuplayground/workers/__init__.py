"""Threads that carry the events of the monitor and of runs to the window: QtCore only."""
