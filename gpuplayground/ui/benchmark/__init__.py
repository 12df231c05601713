"""The panels of a benchmark and of the receipt of a run."""
