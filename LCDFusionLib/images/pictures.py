"""PNG and JPEG, as a volume of one slice; Pillow checks the checksums of a PNG and the end of both."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from .damage import DamagedError
from .file_content import FileContent
from .volume import Place

_GRAY = {"1": "L", "L": "L", "I;16": None, "I": None, "I;16B": None, "LA": "LA"}


def read_picture(path: Path) -> FileContent:
    """Read one picture; a palette becomes its colours.

    Raises:
        DamagedError: it cannot be read whole, or has more pixels than a picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                mode = _GRAY.get(picture.mode, "RGBA" if "transparency" in picture.info or picture.mode == "RGBA" else "RGB")
                array = np.array(picture if mode in (None, picture.mode) else picture.convert(mode))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DamagedError(f"it is no whole PNG or JPEG ({error})") from error
    return FileContent(array[np.newaxis], np.eye(4), Place.PICTURE)
