"""What a node is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from LCDFusionLib.pacs import Archive


@dataclass(frozen=True)
class Settings:
    """How a node works.

    Attributes:
        archive: makes a connection to the archive that is followed; each step makes one of its own.
        destinations: to which results go besides, by their addresses.
        arguments: of `LCDFusionLib.fuse` (and under "write" of `Result.write`) from the options of a pair.
        options: of every pair, in the words of `lcdfusion fuse`.
        relative: pairs whose PET has no SUV are fused too.
        confirmed: kinds of mismatch that somebody has taken on themselves for all studies.
        unsure: of pairs that look alike the first is fused.
        queue: studies that are taken at a time; the rest waits in the archive's own log.
        workers: at a time, in all steps.
        retries: of a fusion whose process died.
        poll: seconds between two looks at the archive.
        settle: seconds without a new image after which a study counts as complete where the archive does not say so.
        days: of an archive without a log: how old the studies are that are looked for, by Study Date.
    """

    archive: Callable[[], Archive]
    destinations: dict[str, Callable[[], Archive]] = field(default_factory=dict)
    arguments: Callable[[str], dict[str, Any]] = lambda words: {}
    options: str = ""
    relative: bool = False
    confirmed: Collection[str] = ()
    unsure: bool = False
    queue: int = 200
    workers: int = 2
    retries: int = 2
    poll: float = 2.0
    settle: float = 60.0
    days: int = 7
