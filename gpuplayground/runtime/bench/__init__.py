"""Benchmark loops inside the snippet process."""
