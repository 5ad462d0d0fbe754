"""Where an archive is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from LCDFusionLib.errors import InputError

EXAMPLE = (
    "dicom://PACS@pacs.example.org:11112, dicoms://... with TLS, https://pacs.example.org/dicom-web, or orthanc://pacs.example.org:8042 "
    "(orthancs://... with TLS)"
)


@dataclass(frozen=True)
class Address:
    """An archive's place.

    Attributes:
        url: as given, without a password.
        is_web: True for DICOMweb.
        is_encrypted: TLS.
        host: name or address.
        port: TCP port.
        title: AE title that is called; "" for DICOMweb and Orthanc.
        is_orthanc: True for Orthanc's own REST interface; where neither it is the DICOM network protocol.
    """

    url: str
    is_web: bool
    is_encrypted: bool
    host: str
    port: int
    title: str = ""
    is_orthanc: bool = False


@dataclass(frozen=True)
class Security:
    """How to prove who one is, and to know the other side.

    Attributes:
        authority: file of certificates (PEM) that the archive's own has to be signed by; the system's where None.
        certificate: of this side, PEM, for archives that ask for one.
        key: of the certificate, PEM.
        user: of DICOMweb or Orthanc.
        password: likewise; never on a command line, where every process sees it.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password: str | None = None


def parse_address(text: str) -> Address:
    """From dicom://TITLE@HOST:PORT, dicoms:// with TLS, http:// or https:// of a DICOMweb service, orthanc:// or orthancs:// of Orthanc.

    Raises:
        InputError: it has another form, or holds a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InputError(f"'{text}' is no address of an archive ({error}): give {EXAMPLE}.") from error
    if parts.password:
        raise InputError("The address of an archive must not hold a password: give the user with --user and set LCDFUSION_PACS_PASSWORD.")
    if parts.scheme in ("http", "https") and parts.hostname:
        is_encrypted = parts.scheme == "https"
        return Address(text.rstrip("/"), True, is_encrypted, parts.hostname, port or (443 if is_encrypted else 80))
    if parts.scheme in ("orthanc", "orthancs") and parts.hostname:
        is_encrypted = parts.scheme == "orthancs"
        return Address(text.rstrip("/"), False, is_encrypted, parts.hostname, port or (443 if is_encrypted else 8042), is_orthanc=True)
    title = text.split("://", 1)[-1].split("@")[0] if "@" in text else ""  # urlsplit keeps its case, but quotes nothing
    if parts.scheme in ("dicom", "dicoms") and parts.hostname and port and 0 < len(title) <= 16:
        return Address(text, False, parts.scheme == "dicoms", parts.hostname, port, title)
    raise InputError(f"'{text}' is no address of an archive: give {EXAMPLE}.")
