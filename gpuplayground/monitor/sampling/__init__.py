"""Samples the GPUs through NVML in an agent process."""
