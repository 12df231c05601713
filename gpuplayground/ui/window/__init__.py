"""The main window: header, menus, status bar, and its two halves."""
