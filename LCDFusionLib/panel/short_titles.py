"""Titles of volumes for narrow fields: what tells them apart comes first."""

from __future__ import annotations

from collections.abc import Sequence


def short_titles(titles: Sequence[str], *, most: int = 23) -> list[str]:
    """Titles of at most so many characters.

    Words that all of them begin with are left out after the first, and what is still too long loses its middle.

    Example:
        >>> short_titles(["CT IBSI phantom AC (series 3)", "CT IBSI phantom lung (series 4)"])
        ['CT … AC (series 3)', 'CT … lung (series 4)']
    """
    words = [title.split(" ") for title in titles]
    same = 0
    if len({tuple(each) for each in words}) > 1:
        while all(len(each) > same + 1 for each in words) and len({each[same] for each in words}) == 1:
            same += 1
    shortened = [" ".join([each[0], "…", *each[same:]]) if same > 1 else title for each, title in zip(words, titles, strict=True)]
    return [_without_middle(title, most) for title in shortened]


def _without_middle(title: str, most: int) -> str:
    if len(title) <= most:
        return title
    end = (most - 1) // 2
    return f"{title[: most - 1 - end].rstrip()}…{title[-end:].lstrip()}"
