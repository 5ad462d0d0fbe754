"""An archive on the web: STOW, QIDO and WADO (DICOMweb, PS3.18), by dicomweb-client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pydicom
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from .address import Address, Security
from .link import LinkError

_Answer = TypeVar("_Answer")
_REFUSED = range(400, 500)  # asked again, the archive would say the same


def session_of(security: Security) -> requests.Session:
    """A session of HTTP that proves who one is, and checks the other side."""
    session = requests.Session()
    if security.authority:
        session.verify = str(security.authority)
    if security.certificate:
        session.cert = (str(security.certificate), str(security.key or security.certificate))
    if security.user:
        session.auth = (security.user, security.password or "")
    return session


class WebArchive:
    """See `Archive`; images go and come one by one, so that a broken link costs one image."""

    def __init__(self, address: Address, security: Security, *, timeout: float) -> None:
        self._client = DICOMwebClient(address.url, session=session_of(security), timeout=timeout)
        self._client.set_http_retry_params(retry=False)  # `transfer` does it, and says so

    def store(self, files: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
        """See `Archive.store`."""
        for path in files:
            dataset = pydicom.dcmread(path)
            try:
                answer = self._ask(partial(self._client.store_instances, [dataset]))
                failed = answer.get("FailedSOPSequence") or []
                yield path, f"failure reason 0x{int(failed[0].get('FailureReason') or 0):04X}" if failed else None
            except requests.HTTPError as error:
                yield path, str(error)

    def find_series(self, study: str) -> list[tuple[str, str]]:
        """See `Archive.find_series`."""
        try:
            found = self._ask(lambda: self._client.search_for_series(study, get_remaining=True))
        except requests.HTTPError:  # no such study
            return []
        return [(_value(one, "0020000E"), _value(one, "00080060")) for one in found]

    def find_instances(self, study: str, series: str | None) -> list[tuple[str, str]]:
        """See `Archive.find_instances`."""
        try:
            found = self._ask(lambda: self._client.search_for_instances(study, series, get_remaining=True))
        except requests.HTTPError:  # no such study
            return []
        return [(_value(one, "0020000E") or (series or ""), _value(one, "00080018")) for one in found]

    def find_studies(self, patient_id: str, date: str) -> list[Dataset]:
        """See `Archive.find_studies`."""
        filters = {keyword: value for keyword, value in (("PatientID", patient_id), ("StudyDate", date)) if value}
        fields = ["StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances"]
        found = self._ask(lambda: self._client.search_for_studies(search_filters=filters, fields=fields, get_remaining=True))
        return [Dataset.from_json(one) for one in found]

    def get(self, study: str, instances: Sequence[tuple[str, str]]) -> Iterator[Dataset]:
        """See `Archive.get`."""
        for series, instance in instances:
            try:
                media_types = (("application/dicom", "*"),)  # as it is stored, not decoded
                yield self._ask(partial(self._client.retrieve_instance, study, series, instance, media_types=media_types))
            except requests.HTTPError as error:
                raise LinkError(str(error)) from error

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        """The answer; `HTTPError` where the archive refuses for good, `LinkError` for what may pass."""
        try:
            return question()
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code in _REFUSED:
                raise
            raise LinkError(str(error)) from error
        except requests.RequestException as error:
            raise LinkError(type(error).__name__) from error


def _value(instance: dict[str, Any], tag: str) -> str:
    values = instance.get(tag, {}).get("Value") or [""]
    return str(values[0])
