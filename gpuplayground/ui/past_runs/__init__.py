"""The history page: the past runs."""
