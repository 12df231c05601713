"""Widgets that show a benchmark."""
