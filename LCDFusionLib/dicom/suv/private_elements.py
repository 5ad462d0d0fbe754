"""Private elements of the makers of scanners, by their Private Creator, and what is believed of one that lost it."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from LCDFusionLib.dicom.elements import text


@dataclass(frozen=True)
class PrivateElement:
    """Where a maker keeps something.

    Attributes:
        called: for sentences, such as "Philips SUV scale factor (7053,1000)".
        group: of the tag.
        creator: Private Creator that reserves the block.
        offset: within the block.
        maker: how Manufacturer (0008,0070) begins on such a scanner, in small letters.
    """

    called: str
    group: int
    creator: str
    offset: int
    maker: str

    def tags(self) -> tuple[int, ...]:
        """Where it and its creator may stand, in the blocks that scanners use."""
        return tuple(self.group << 16 | tag for block in range(0x10, 0x20) for tag in (block, block << 8 | self.offset))

    def text(self, header: Dataset) -> str:
        """Its value, "" where it is missing or belongs to somebody else.

        Without a Private Creator in the whole group, as de-identification leaves it, it is believed where it lies in the usual block and
        Manufacturer names its maker.
        """
        block = self._block(header)
        if block is None and self.lacks_creator(header) and self._is_of_maker(header):
            block = 0x10
        return "" if block is None else _text(header, (self.group, block << 8 | self.offset))

    def lacks_creator(self, header: Dataset) -> bool:
        """Whether it stands in its usual place and nothing says whose it is."""
        is_there = (self.group, 0x1000 | self.offset) in header
        return is_there and not any((self.group, element) in header for element in range(0x10, 0x100))

    def notes(self, header: Dataset) -> list[str]:
        """That it is believed without its creator, in a sentence."""
        if not self.lacks_creator(header):
            return []
        return [
            f"{self.called} was believed without its Private Creator, because Manufacturer (0008,0070) is {header.get('Manufacturer')}."
        ]

    def why_not_believed(self, header: Dataset) -> str:
        """A clause for an element that is there and of which `text` makes nothing, for want of its creator; "" otherwise."""
        if (self.group, 0x1000 | self.offset) in header and (owner := _text(header, (self.group, 0x10))) and not self._block(header):
            return f"{self.called} is there, but its Private Creator ({self.group:04X},0010) is '{owner}' and not '{self.creator}'"
        if not self.lacks_creator(header) or self._is_of_maker(header):
            return ""
        return (
            f"{self.called} is there without its Private Creator '{self.creator}' ({self.group:04X},0010), so it is not known whose it is"
        )

    def _block(self, header: Dataset) -> int | None:
        for element in range(0x10, 0x100):
            if (self.group, element) in header and _text(header, (self.group, element)).casefold() == self.creator.casefold():
                return element
        return None

    def _is_of_maker(self, header: Dataset) -> bool:
        return text(header, "Manufacturer").casefold().startswith(self.maker)


PHILIPS_SUV_FACTOR = PrivateElement("Philips SUV scale factor (7053,1000)", 0x7053, "Philips PET Private Group", 0x00, "philips")
PHILIPS_ACTIVITY_FACTOR = PrivateElement("Philips activity scale factor (7053,1009)", 0x7053, "Philips PET Private Group", 0x09, "philips")
GE_SCAN_START = PrivateElement("GE scan date and time (0009,100D)", 0x0009, "GEMS_PETD_01", 0x0D, "ge ")
SIEMENS_DECAY_START = PrivateElement("Siemens decay correction date and time (0071,1022)", 0x0071, "SIEMENS MED PT", 0x22, "siemens")


def _text(header: Dataset, tag: tuple[int, int]) -> str:
    if tag not in header:
        return ""
    value = header[tag].value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, (MultiValue, list, tuple)):
        value = "\\".join(map(str, value))
    return "" if value is None else str(value).strip("\0 ")
