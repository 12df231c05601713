"""Result pages of a run: the table of pages, timings and receipt."""
