"""Images to and from an archive: C-STORE, C-FIND and C-GET by pynetdicom, STOW, QIDO and WADO by dicomweb-client,
Orthanc by its REST interface.

All archives speak the same few words (`Archive`); `transfer` sends and fetches with either, goes on after a broken link, and says what
arrived. Importing this loads neither client.
"""

from .address import Address, Security, parse_address
from .link import LinkError
from .transfer import Archive, FetchReport, SendReport, TransferError, connect, fetch, send

__all__ = [
    "Address",
    "Archive",
    "FetchReport",
    "LinkError",
    "Security",
    "SendReport",
    "TransferError",
    "connect",
    "fetch",
    "parse_address",
    "send",
]
