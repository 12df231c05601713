"""The output page of a run."""
