"""The monitor's half of the window."""
