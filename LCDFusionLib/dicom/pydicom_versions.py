"""The one place that knows pydicom 3 from 2.4, which Slicer 5.10 brings (External_python-dicom-requirements.cmake at v5.10.0)."""

from __future__ import annotations

import os

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

try:
    from pydicom.pixels import apply_modality_lut, get_decoder
except ModuleNotFoundError:  # 2.4
    from pydicom.pixel_data_handlers.util import apply_modality_lut  # type: ignore[no-redef]

    get_decoder = None  # type: ignore[assignment]

__all__ = ["apply_modality_lut", "can_decode", "syntax_by_bytes", "write_file"]


def can_decode(syntax: UID) -> bool:
    """Whether a decoder for a transfer syntax is installed."""
    if get_decoder is None:
        return any(one.is_available() and one.supports_transfer_syntax(syntax) for one in pydicom.config.pixel_data_handlers)
    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:  # video
        return False


def syntax_by_bytes(dataset: Dataset) -> UID:
    """Transfer syntax of a file that does not name it, as its bytes were read."""
    is_implicit = dataset.is_implicit_VR if get_decoder is None else dataset.original_encoding[0]
    return ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian


def write_file(path: str | os.PathLike[str], dataset: Dataset) -> None:
    """Write a DICOM file (PS3.10), with preamble and the transfer syntax that its `file_meta` names; raises what pydicom does."""
    if get_decoder is None:
        syntax = dataset.file_meta.TransferSyntaxUID
        dataset.is_little_endian, dataset.is_implicit_VR = syntax.is_little_endian, syntax.is_implicit_VR
        pydicom.dcmwrite(path, dataset, write_like_original=False)
    else:
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
