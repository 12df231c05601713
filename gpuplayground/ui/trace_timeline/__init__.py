"""The timeline of a run's trace."""
