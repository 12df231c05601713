"""Keeps time series of samples in memory at several resolutions."""
