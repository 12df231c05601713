"""The list of past runs."""
