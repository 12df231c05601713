"""What the subjects of a comparison are called, so that no two of them have the same name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpuplayground.comparison.comparison import Subject


def distinct_names(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Return a name for each subject: its label and, where several have the same one, what tells them apart.

    That is a note that no other of them has, else when it was run; a number where that is the same too.
    """
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for number, subject in enumerate(subjects):
        alike[subject.label].append(number)
    names = [subject.label for subject in subjects]
    for label, numbers in alike.items():
        if len(numbers) > 1:
            for number, words in zip(numbers, _apart([subjects[number] for number in numbers]), strict=True):
                names[number] = f"{label} · {words}" if words else label
    return _numbered(names)


def _apart(subjects: Sequence[Subject]) -> list[str]:
    """Return the words that tell subjects of one label apart, as far as there are any."""
    notes = Counter(subject.note for subject in subjects)
    times = _times({subject.start_ns for subject in subjects if subject.start_ns})
    return [
        subject.note if subject.note and notes[subject.note] == 1 else times.get(subject.start_ns, "")
        for subject in subjects
    ]


def _times(starts_ns: set[int]) -> dict[int, str]:
    """Return dates where they are of different days, else times of day; finer ones where those are the same."""
    moments = {start_ns: datetime.fromtimestamp(start_ns / 1e9).astimezone() for start_ns in starts_ns}
    day = "%d %b %Y" if len({moment.year for moment in moments.values()}) > 1 else "%d %b"
    dated = [day, f"{day}, %H:%M", f"{day}, %H:%M:%S"]
    has_days = len({moment.date() for moment in moments.values()}) > 1
    words: dict[int, str] = {}
    for pattern in dated if has_days else ["%H:%M", "%H:%M:%S"]:
        texts = {start_ns: moment.strftime(pattern) for start_ns, moment in moments.items()}
        words = {start_ns: text.lstrip("0") if has_days else text for start_ns, text in texts.items()}
        if len(set(words.values())) == len(words):
            break
    return words


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names with a number behind each that was there before."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(numbered)
