"""SUV: how the values of a PET series become the standardised uptake value, or why they cannot. docs/suv.md is the table of all cases."""

from .conversion import SUV
from .keywords import SUV_KEYWORDS
from .series_suv import NoSUVError, suv_of
from .values import map_pieces, mapped_pieces, why_not_mapped, with_note_on_total

__all__ = ["SUV", "SUV_KEYWORDS", "NoSUVError", "map_pieces", "mapped_pieces", "suv_of", "why_not_mapped", "with_note_on_total"]
