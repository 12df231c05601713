"""Benchmarks: what is measured, sweeps, and statistics of the samples."""
