"""Benchmarks: selecting what to measure, sweeps, and statistics of the samples."""
