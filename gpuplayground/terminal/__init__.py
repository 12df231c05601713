"""Output text as a terminal shows it: escape sequences, overwritten lines and a bounded scrollback."""
