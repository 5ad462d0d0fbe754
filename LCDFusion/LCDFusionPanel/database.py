"""Volumes that a session names, in the scene or out of Slicer's DICOM database. What is loaded is the very data, and nothing beside it."""

from pathlib import Path

import slicer
from slicer.i18n import tr as _


class NotThereError(Exception):
    """Why a volume cannot be had, as a part of a sentence."""


def find(identity, pause):
    """The volume of the scene that holds these very data; where none does, it is loaded out of the database.

    Args:
        identity: `LCDFusionLib.mrml.input_identity.InputIdentity`.
        pause: called between pieces of the work; may raise.

    Raises:
        NotThereError: it is in neither.
    """
    node = identity.find(slicer.mrmlScene)
    if node is None and not identity.is_dicom:
        raise NotThereError(_("{name} is not in the scene").format(name=identity.text))
    return node or _load(identity, pause)


def _load(identity, pause):
    """Of the volumes that Slicer's plugins make of a series, the one of just these instances: a series may hold several."""
    from DICOMLib import DICOMUtils

    name, database = f"'{identity.name}'" if identity.name else identity.text, slicer.dicomDatabase
    files = list(database.filesForSeries(_series(identity, pause))) if database is not None and database.isOpen else []
    if not files:
        raise NotThereError(_("{name} is not in Slicer's DICOM database").format(name=name))
    if not all(Path(file).is_file() for file in files):
        raise NotThereError(_("files of {name} that Slicer's DICOM database names are gone").format(name=name))
    pause()
    offers, _enabled = DICOMUtils.getLoadablesFromFileLists([files])
    fitting = [
        (loadable, plugin)
        for plugin, loadables in offers.items()
        for loadable in loadables
        if identity.is_of_instances([database.instanceForFile(file) for file in loadable.files], "")
    ]
    if not fitting:
        raise NotThereError(_("Slicer's DICOM database has other images of {name}").format(name=name))
    loadable, plugin = max(fitting, key=lambda each: each[0].confidence)
    loadable.selected = True
    pause()
    loaded = [slicer.mrmlScene.GetNodeByID(node) for node in DICOMUtils.loadLoadables({plugin: [loadable]})]
    node = identity.find(slicer.mrmlScene)
    if node is None:
        for each in filter(None, loaded):
            slicer.mrmlScene.RemoveNode(each)
        raise NotThereError(_("Slicer cannot load {name} from its DICOM database").format(name=name))
    return node


def _series(identity, pause):
    """Its Series Instance UID; a de-identified session holds none, and is looked for by the checksum of a series' instances."""
    database = slicer.dicomDatabase
    if identity.series:
        return identity.series
    for patient in database.patients():
        for study in database.studiesForPatient(patient):
            for series in database.seriesForStudy(study):
                pause()
                if identity.is_of_instances(database.instancesForSeries(series), ""):
                    return series
    return ""
