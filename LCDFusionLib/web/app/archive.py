"""The site's archive: what a reader has fused goes there, and is then opened in the site's own viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import environ
from pathlib import Path
from urllib.parse import quote

from LCDFusionLib.dicom import fused_headers
from LCDFusionLib.errors import InputError
from LCDFusionLib.pacs import Security, TransferError, connect, parse_address, send

from ..session_contract import ArchiveSettings


@dataclass(frozen=True)
class Sent:
    """What arrived.

    Attributes:
        images: how many.
        place: the archive, as people call it.
        link: the study in the site's viewer; "" where the site has none.
    """

    images: int
    place: str
    link: str


class SiteArchive:
    """Sends with the settings of the server's start.

    Args:
        settings: of the site.

    Attributes:
        place: the archive, as people call it: host, or AE title and host.
        has_viewer: what was sent can be opened in the site's viewer.
    """

    def __init__(self, settings: ArchiveSettings) -> None:
        self._settings, self._address = settings, parse_address(settings.address)
        self.place = f"{self._address.title}@{self._address.host}" if self._address.title else self._address.host
        self.has_viewer = settings.open_in is not None

    def send(self, written: Sequence[Path]) -> Sent:
        """Sends all files; may take long, and runs in any thread.

        Args:
            written: folders with the DICOM files of one study.

        Raises:
            InputError: not all of them arrived; says what did.
        """
        files = [file for folder in written for file in sorted(folder.rglob("*.dcm"))]
        security = Security(user=self._settings.user, password=environ.get("LCDFUSION_PACS_PASSWORD"))
        try:
            report = send(connect(self._address, security=security), files, destination=self.place)
        except TransferError as error:
            raise InputError(f"Not sent whole. {error}".replace("run the same command again to send the rest", _AGAIN)) from error
        study = str(fused_headers(written[0])[0].StudyInstanceUID)
        return Sent(len(report.arrived), self.place, self._link(study))

    def _link(self, study: str) -> str:
        viewer = self._settings.open_in
        return f"{viewer}{'&' if '?' in viewer else '?'}StudyInstanceUIDs={quote(study)}" if viewer is not None else ""


_AGAIN = "take what arrived out of the archive before you send again, for that makes new images"
