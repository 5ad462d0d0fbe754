"""In which zone a data set's times are."""

from __future__ import annotations

from datetime import datetime, tzinfo

from pydicom.dataset import Dataset


def utc_offset(header: Dataset) -> tzinfo | None:
    """Timezone Offset From UTC (0008,0201), such as +0100, which all times of a data set share; None where it is missing.

    Raises:
        ValueError: it has another form.
    """
    offset = str(header.get("TimezoneOffsetFromUTC") or "").strip()
    return datetime.strptime(offset, "%z").tzinfo if offset else None
