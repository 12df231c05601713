"""Connects what the window asks for with the workers, and what these report with the window."""
