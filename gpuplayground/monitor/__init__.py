"""Samples the GPUs, keeps the samples as time series, and records them to files; without Qt."""
