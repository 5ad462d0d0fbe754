"""DICOM in and out: series in a folder, one series to a volume, fused volumes to series. pydicom reads and writes."""

from .fused_series import Derivation, write_fused_color, write_fused_gray
from .original_series import Patient, Radiopharmaceutical, Study, write_original_series
from .patient import same_patient
from .reader import SeriesSource, read_folder, read_series
from .series import Series, choose_series, find_series, series_of_files
from .suv import BodyWeightSUV

__all__ = [
    "BodyWeightSUV",
    "Derivation",
    "Patient",
    "Radiopharmaceutical",
    "Series",
    "SeriesSource",
    "Study",
    "choose_series",
    "find_series",
    "read_folder",
    "read_series",
    "same_patient",
    "series_of_files",
    "write_fused_color",
    "write_fused_gray",
    "write_original_series",
]
