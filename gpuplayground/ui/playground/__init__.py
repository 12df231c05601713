"""The playground's half of the window."""
