"""The timeline page: the trace of a run."""
