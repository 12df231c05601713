"""Frozen records that cross package boundaries, and plain text about them."""
