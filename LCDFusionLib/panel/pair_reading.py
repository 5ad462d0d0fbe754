"""What the volumes of a pair hold, read once: headers and voxels beside the main thread where that takes a while."""

from __future__ import annotations

from concurrent.futures import Executor, Future

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.mrml.belonging import confirmed_mismatches
from LCDFusionLib.mrml.dicom_source import FindFile, no_file
from LCDFusionLib.mrml.inputs import AskedPair, ReadPair
from LCDFusionLib.mrml.nodes import frame_of_reference_of, ijk_to_ras, modality_of, unit_of
from LCDFusionLib.mrml.sequences import frame_text
from LCDFusionLib.panel.choices import Choices, Node
from LCDFusionLib.panel.host import AtOnce


class PairReading:
    """Both volumes of a pair, as it is chosen and as it lies now; another pair takes its place.

    Attributes:
        read: both volumes; None where they are not known, or not any more.
        key: another one whenever voxels, place or meaning of one of the two are others; None without volumes.
        notes: what the person should know of them, in sentences.
    """

    def __init__(self, find_file: FindFile = no_file, executor: Executor | None = None) -> None:
        self._find_file, self._executor = find_file, executor or AtOnce()
        self.read: ReadPair | None = None
        self.key: tuple[object, ...] | None = None
        self.notes: list[str] = []
        self._values_key: tuple[object, ...] | None = None
        self._reading: tuple[tuple[object, ...], Future[ReadPair]] | None = None
        self._given_up: tuple[object, ...] | None = None

    @property
    def volumes(self) -> tuple[Volume, Volume] | None:
        """Anatomy and function as they will be fused; None where they cannot be."""
        return (self.read.anatomy, self.read.function) if self.read is not None else None

    @property
    def has_read(self) -> bool:
        """True where what was begun has ended, and `update` would have the volumes."""
        return self._reading is not None and self._reading[1].done()

    def update(self, choices: Choices) -> bool:
        """Brings the volumes up to date; False while they are being read.

        Raises:
            InputError: as `AskedPair.of` and `AskedPair.read`; or the person has given it up.
        """
        asked, values, places = self._asked(choices)
        key = asked, values, places
        if self._given_up is not None and self._given_up != (asked, values):
            self._given_up = None
        if self.is_given_up:
            assert choices.function is not None
            raise InputError(f"Reading '{choices.function.GetName()}' was cancelled; click Fuse to read and fuse it.")
        if key == self.key and self.read is not None:
            return True
        if self.read is not None and (asked, values) == self._values_key:
            pair, volumes = self._ask(choices, with_files=False), self.read
        else:
            if self._reading is None or self._reading[0] != (asked, values):
                self.stop()
                pair = self._ask(choices)
                self._reading = (asked, values), (AtOnce() if pair.is_quick else self._executor).submit(pair.read)
            if not self._reading[1].done():
                return False
            volumes = self._reading[1].result()
            pair = self._ask(choices, with_files=False)
        self.read, self.notes = pair.moved(volumes), pair.notes(volumes)
        self.key, self._values_key = key, (asked, values)
        return True

    def is_of(self, choices: Choices) -> bool:
        """Whether the volumes, though perhaps as they were before, are those of the chosen pair."""
        return self.key is not None and self.key[0] == self._asked(choices)[0]

    @property
    def is_given_up(self) -> bool:
        """True after `give_up`, until another pair is chosen."""
        return self._given_up is not None

    def give_up(self) -> None:
        """The person does not want to wait for what is being read; it is not begun again by itself."""
        if self._reading is not None:
            self._given_up = self._reading[0]
            self.stop()

    def read_again(self) -> None:
        """What was given up is wanted after all."""
        self._given_up = None

    def drop(self) -> None:
        """What was read does not count any more."""
        self.read = self.key = self._values_key = None

    def stop(self) -> None:
        """What is being read is not wanted any more."""
        if self._reading is not None:
            self._reading[1].cancel()
            self._reading = None

    def _ask(self, choices: Choices, *, with_files: bool = True) -> AskedPair:
        return AskedPair.of(
            choices.anatomy,
            choices.function,
            modality=choices.anatomy_kind.modality,
            unit=choices.function_unit.unit,
            find_file=self._find_file,
            with_files=with_files,
        )

    @staticmethod
    def _asked(choices: Choices) -> tuple[tuple[object, ...], ...]:
        """What was chosen, what a change of voxels changes, and what a change of place changes."""
        assert choices.pair is not None
        nodes = choices.pair
        what = [(node.GetID(), node.GetName(), modality_of(node), unit_of(node)) for node in nodes]
        asked = (choices.anatomy_kind, choices.function_unit, *what)
        places = [(ijk_to_ras(node).tobytes(), frame_of_reference_of(node), frame_text(node)) for node in nodes]
        return asked, voxels_version(*nodes), (confirmed_mismatches(*nodes), *places)


def voxels_version(*nodes: Node) -> tuple[int, ...]:
    """Another number whenever voxels were written."""
    return tuple(node.GetImageData().GetMTime() for node in nodes)
