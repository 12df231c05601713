"""Widgets, charts, theme and icons that several pages share."""
