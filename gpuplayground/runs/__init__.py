"""Runs one snippet, from its source to the finished run."""
