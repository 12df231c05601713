"""Compares the times and results of runs and benchmarks."""
