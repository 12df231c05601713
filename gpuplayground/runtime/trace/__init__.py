"""CUPTI tracing and GPU synchronisation inside the snippet process."""
