"""An archive on the DICOM network: C-STORE, C-FIND and C-GET (PS3.4 annexes B and C), by pynetdicom."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, EncapsulatedPDFStorage, MRImageStorage, PositronEmissionTomographyImageStorage
from pynetdicom import AE, Association, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelGet

from LCDFusionLib.errors import InputError

from .address import Address, Security
from .link import LinkError

_SUCCESS, _PENDING = 0x0000, (0xFF00, 0xFF01)
_REFUSED = 0xA900  # the data set does not match what was asked for (PS3.4 table GG.4-1)
# What is fetched; C-GET has to name the storage classes before it knows what will come.
_FETCHED = [
    CTImageStorage,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    *map(
        UID,
        (
            "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
            "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
            "1.2.840.10008.5.1.4.1.1.130",  # Enhanced PET
            "1.2.840.10008.5.1.4.1.1.20",  # Nuclear Medicine
            "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
            "1.2.840.10008.5.1.4.1.1.88.22",  # Enhanced SR
            "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection
            "1.2.840.10008.5.1.4.1.1.11.4",  # Blending Softcopy Presentation State
        ),
    ),
    EncapsulatedPDFStorage,
]


class NetworkArchive:
    """See `Archive`; each call makes a link of its own."""

    def __init__(self, address: Address, security: Security, *, own_title: str, timeout: float) -> None:
        self._address, self._own_title, self._timeout = address, own_title, timeout
        self._tls = _tls_context(security) if address.is_encrypted else None

    def store(self, files: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
        """See `Archive.store`."""
        contexts = sorted({_context_of(path) for path in files})
        with self._link(contexts) as link:
            for path in files:
                try:
                    answer = link.send_c_store(path)
                except ValueError as error:  # no presentation context: the archive does not take this kind
                    yield path, str(error).split("\n")[0].rstrip(".")
                    continue
                except RuntimeError as error:
                    raise LinkError("the association ended") from error
                if "Status" not in answer:
                    raise LinkError("no answer")
                status = answer.Status
                if status >> 12 == 0xA:
                    raise LinkError(f"the archive is out of resources, status 0x{status:04X}")
                taken = status == _SUCCESS or status >> 12 == 0xB  # warnings: taken, something was coerced
                yield path, None if taken else f"status 0x{status:04X} {answer.get('ErrorComment', '')}".strip()

    def find_series(self, study: str) -> list[tuple[str, str]]:
        """See `Archive.find_series`."""
        found = self._find(_query("SERIES", StudyInstanceUID=study, SeriesInstanceUID="", Modality=""))
        return [(str(one.SeriesInstanceUID), str(one.get("Modality") or "")) for one in found]

    def find_instances(self, study: str, series: str | None) -> list[tuple[str, str]]:
        """See `Archive.find_instances`."""
        all_series = [uid for uid, _ in self.find_series(study)] if series is None else [series]
        instances = []
        for one in all_series:
            query = _query("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=one, SOPInstanceUID="")
            instances += [(one, str(found.SOPInstanceUID)) for found in self._find(query)]
        return instances

    def find_studies(self, patient_id: str, date: str) -> list[Dataset]:
        """See `Archive.find_studies`."""
        wanted = {"PatientName": "", "StudyDescription": "", "StudyInstanceUID": "", "ModalitiesInStudy": ""}
        return self._find(_query("STUDY", PatientID=patient_id, StudyDate=date, **wanted))

    def get(self, study: str, instances: Sequence[tuple[str, str]]) -> Iterator[Dataset]:
        """See `Archive.get`."""
        received: deque[Dataset] = deque()
        asked = {instance for _, instance in instances}

        def keep(event: evt.Event) -> int:
            if str(event.request.AffectedSOPInstanceUID) not in asked:
                return _REFUSED
            dataset = event.dataset
            dataset.file_meta = FileMetaDataset(event.file_meta)
            received.append(dataset)
            return _SUCCESS

        contexts = [(StudyRootQueryRetrieveInformationModelGet, "")]
        with self._link(contexts, roles=_FETCHED, handlers=[(evt.EVT_C_STORE, keep)]) as link:
            for series, instance in instances:
                query = _query("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID=instance)
                for answer, _ in link.send_c_get(query, StudyRootQueryRetrieveInformationModelGet):
                    if "Status" not in answer:
                        raise LinkError("no answer")
                while received:
                    yield received.popleft()

    def _find(self, query: Dataset) -> list[Dataset]:
        with self._link([(StudyRootQueryRetrieveInformationModelFind, "")]) as link:
            found = []
            for answer, identifier in link.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
                if "Status" not in answer:
                    raise LinkError("no answer")
                if answer.Status in _PENDING and identifier is not None:
                    found.append(identifier)
                elif answer.Status != _SUCCESS:
                    raise LinkError(f"the search failed, status 0x{answer.Status:04X}")
        return found

    @contextmanager
    def _link(
        self, contexts: Sequence[tuple[str, str]], *, roles: Sequence[UID] = (), handlers: Sequence[tuple] = ()
    ) -> Iterator[Association]:
        entity = AE(ae_title=self._own_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = self._timeout
        for abstract, transfer in contexts:
            entity.add_requested_context(abstract, transfer or None)
        for sop_class in roles:
            entity.add_requested_context(sop_class)
        link = entity.associate(
            self._address.host,
            self._address.port,
            ae_title=self._address.title,
            ext_neg=[build_role(sop_class, scp_role=True) for sop_class in roles],
            evt_handlers=list(handlers),
            tls_args=(self._tls, self._address.host) if self._tls else None,
        )
        if not link.is_established:
            reason = "it refused the association" if link.is_rejected else "no connection"
            raise LinkError(f"{reason}, {self._address.title} at {self._address.host}:{self._address.port}")
        try:
            yield link
        finally:
            if link.is_established:
                link.release()
            else:
                link.abort()


def _query(level: str, **keys: str) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    return query


def _context_of(path: Path) -> tuple[str, str]:
    meta = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID"]).file_meta
    return str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)


def _tls_context(security: Security) -> ssl.SSLContext:
    """TLS 1.2 and above with both sides' names checked, as the BCP 195 profile (PS3.15 B.9) asks."""
    try:
        context = ssl.create_default_context(cafile=str(security.authority) if security.authority else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if security.certificate:
            context.load_cert_chain(str(security.certificate), str(security.key) if security.key else None)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"A certificate cannot be read ({error}): give PEM files.") from error
    return context
