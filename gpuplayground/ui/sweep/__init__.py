"""The window that measures implementations over the values of a variable."""
