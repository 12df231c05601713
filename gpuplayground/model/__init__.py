"""Frozen records that cross package boundaries, and their text forms."""
