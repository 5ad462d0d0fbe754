"""DICOM in and out: series in a folder, one series to a volume, fused volumes to series. pydicom reads and writes."""

from .blending import why_no_blending_state, write_blending_state
from .companions import fused_headers, write_key_images, write_metrics_report, write_rejection_note
from .folder import FolderContents, choose_series, find_series, header_of_file, scan_folder, series_of_files
from .fused_objects import DICOM_RESULT, Blend, write_result
from .fused_series import Derivation, write_fused_color, write_fused_gray
from .identity import KINDS, Mismatch, days_apart, find_mismatches, identity_is_known, notes_on_belonging, place_mismatch, unconfirmed
from .instance import check_plane
from .original_series import Patient, Radiopharmaceutical, Study, write_original_series
from .patient_and_study import EDITABLE
from .proposals import SeriesPair, propose_pairs
from .reader import SeriesSource, read_folder, read_series, read_source, rescaled_slice
from .series import Series, is_fused_header
from .suv import SUV

__all__ = [
    "DICOM_RESULT",
    "EDITABLE",
    "KINDS",
    "SUV",
    "Blend",
    "Derivation",
    "FolderContents",
    "Mismatch",
    "Patient",
    "Radiopharmaceutical",
    "Series",
    "SeriesPair",
    "SeriesSource",
    "Study",
    "check_plane",
    "choose_series",
    "days_apart",
    "find_mismatches",
    "find_series",
    "fused_headers",
    "header_of_file",
    "identity_is_known",
    "is_fused_header",
    "notes_on_belonging",
    "place_mismatch",
    "propose_pairs",
    "read_folder",
    "read_series",
    "read_source",
    "rescaled_slice",
    "scan_folder",
    "series_of_files",
    "unconfirmed",
    "why_no_blending_state",
    "write_blending_state",
    "write_fused_color",
    "write_fused_gray",
    "write_key_images",
    "write_metrics_report",
    "write_original_series",
    "write_rejection_note",
    "write_result",
]
