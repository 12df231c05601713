"""Comparing runs and benchmarks, and whether their results agree."""
