"""Result pages of a run: timings, receipt."""
