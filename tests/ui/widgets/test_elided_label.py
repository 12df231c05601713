"""A label without room for its text."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.elided_label import ElidedLabel


def test_what_does_not_fit_ends_in_an_ellipsis_and_is_told_by_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(400, 20)
    label.setText("GPU 0 · H200")
    assert (label.shown, label.toolTip()) == ("GPU 0 · H200", "")
    label.show()
    label.resize(50, 20)
    assert label.shown.startswith("GPU")
    assert label.shown.endswith("…")
    assert (label.text(), label.toolTip()) == ("GPU 0 · H200", "GPU 0 · H200")
