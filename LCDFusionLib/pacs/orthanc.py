"""An Orthanc by its own REST interface, which needs no plug-in and has a log of changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
import requests
from pydicom.dataset import Dataset

from .address import Address, Security
from .link import LinkError
from .web import session_of

_TAKEN = ("Success", "AlreadyStored")


class OrthancArchive:
    """See `Archive`; besides, `ask` and `tell` for what only Orthanc has. From version 1.9.4."""

    def __init__(self, address: Address, security: Security, *, timeout: float) -> None:
        folder = urlsplit(address.url).path
        self._root = f"{'https' if address.is_encrypted else 'http'}://{address.host}:{address.port}{folder}"
        self._session, self._timeout = session_of(security), timeout
        self._places: dict[str, str] = {}  # Orthanc's own names by SOP Instance UID

    def ask(self, path: str, **query: Any) -> Any:
        """The JSON at a path; None where there is nothing. Raises `LinkError`."""
        answer = self._answer("GET", path, params=query)
        return None if answer.status_code == 404 else _json(answer)

    def tell(self, path: str, body: Any) -> Any:
        """What a POST of JSON answers. Raises `LinkError`."""
        return _json(self._answer("POST", path, json=body))

    def store(self, files: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
        """See `Archive.store`."""
        for path in files:
            answer = self._answer("POST", "instances", data=path.read_bytes())
            if 400 <= answer.status_code < 500:
                yield path, f"status {answer.status_code}"
                continue
            status = _json(answer).get("Status")
            yield path, None if status in _TAKEN else str(status)

    def find_series(self, study: str) -> list[tuple[str, str]]:
        """See `Archive.find_series`."""
        tags = [series["MainDicomTags"] for place in self._studies(study) for series in self.ask(f"studies/{place}/series") or ()]
        return [(str(one.get("SeriesInstanceUID", "")), str(one.get("Modality", ""))) for one in tags]

    def find_instances(self, study: str, series: str | None) -> list[tuple[str, str]]:
        """See `Archive.find_instances`."""
        found = []
        for place in self._studies(study):
            for one in self.ask(f"studies/{place}/series") or ():
                uid = str(one["MainDicomTags"].get("SeriesInstanceUID", ""))
                if series not in (None, uid):
                    continue
                for image in self.ask(f"series/{one['ID']}/instances") or ():
                    instance = str(image["MainDicomTags"].get("SOPInstanceUID", ""))
                    self._places[instance] = image["ID"]
                    found.append((uid, instance))
        return found

    def find_studies(self, patient_id: str, date: str) -> list[Dataset]:
        """See `Archive.find_studies`."""
        query = {keyword: value for keyword, value in (("PatientID", patient_id), ("StudyDate", date)) if value}
        studies = []
        for one in self.tell("tools/find", {"Level": "Study", "Expand": True, "Query": query}):
            study = Dataset()
            for tags in (one["PatientMainDicomTags"], one["MainDicomTags"]):
                for keyword in ("PatientID", "PatientName", "StudyDate", "StudyDescription", "StudyInstanceUID"):
                    if keyword in tags:
                        setattr(study, keyword, tags[keyword])
            studies.append(study)
        return studies

    def get(self, study: str, instances: Sequence[tuple[str, str]]) -> Iterator[Dataset]:
        """See `Archive.get`."""
        if any(instance not in self._places for _, instance in instances):
            self.find_instances(study, None)
        for _, instance in instances:
            if instance in self._places:
                answer = self._answer("GET", f"instances/{self._places[instance]}/file")
                if answer.status_code == 404:
                    continue
                _checked(answer)
                try:
                    yield pydicom.dcmread(BytesIO(answer.content))
                except Exception as error:  # a file that is damaged makes the parser fail in many ways
                    raise LinkError(f"an image came damaged, {type(error).__name__}") from error

    def _studies(self, uid: str) -> list[str]:
        """Orthanc's own names of the studies of this UID: one for each Patient ID in it."""
        found = _json(self._answer("POST", "tools/lookup", data=uid.encode()))
        return [one["ID"] for one in found if one["Type"] == "Study"]

    def _answer(self, method: str, path: str, **what: Any) -> requests.Response:
        try:
            return self._session.request(method, f"{self._root}/{path}", timeout=self._timeout, **what)
        except requests.RequestException as error:
            raise LinkError(type(error).__name__) from error


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise LinkError(f"status {answer.status_code}")
    return answer


def _json(answer: requests.Response) -> Any:
    try:
        return _checked(answer).json()
    except ValueError as error:
        raise LinkError("it answers no JSON, so it is no Orthanc") from error
