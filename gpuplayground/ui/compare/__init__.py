"""The window that compares runs and benchmarks."""
