"""The window application: start-up, and what connects the window with the workers."""
