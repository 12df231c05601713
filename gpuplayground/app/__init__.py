"""The window application: start-up, and the objects that connect the window with the workers."""
