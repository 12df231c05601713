"""Text as a terminal would show it, kept small: escape sequences, overwritten lines and the last few megabytes."""
