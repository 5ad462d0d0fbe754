"""An archive that names, sends or breaks off what it likes: nothing outside the folder, nothing that was not asked for, and an end."""

import copy
import json

import pydicom
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.pacs import TransferError, fetch, send, transfer
from Testing.cli.small_study import body, write_series


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(transfer, "FIRST_WAIT", 0.0)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    write_series(folder / "ct", body(Modality.CT, slices=4, size=16))
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


class Archive:
    """Names and sends what it is made with."""

    def __init__(self, named, sent):
        self.named, self.sent, self.asked = named, sent, 0

    def find_instances(self, study, series):
        return self.named

    def get(self, study, instances):
        self.asked += 1
        yield from self.sent() if callable(self.sent) else self.sent


def names(images):
    return [(str(image.SeriesInstanceUID), str(image.SOPInstanceUID)) for image in images]


def renamed(image, **attributes):
    other = copy.deepcopy(image)
    for keyword, value in attributes.items():
        setattr(other, keyword, value)
    return other


NO_UIDS = ["", "..", "../../evil", "/etc", "1..2", "1.2.", "1\n", "1" * 65]


@pytest.mark.parametrize("name", [*((uid, "1.2") for uid in NO_UIDS), *(("1.2", uid) for uid in NO_UIDS)])
def test_names_that_are_no_uids(images, tmp_path, name):
    with pytest.raises(TransferError, match="UIDs of digits and dots"):
        fetch(Archive([*names(images), name], images), "1.2", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("attributes", [{"SeriesInstanceUID": "../../evil"}, {"SOPInstanceUID": "../evil"}, {"SOPInstanceUID": "1.2.3"}])
def test_images_that_nobody_asked_for(images, tmp_path, attributes):
    foreign = [renamed(images[0], **attributes)] * 3
    assert fetch(Archive(names(images), [*foreign, *images]), "1.2", tmp_path / "out").images == 4
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.stem for path in kept) == sorted(name for _, name in names(images))
    assert all((tmp_path / "out") in path.parents for path in kept)


def test_an_endless_stream_ends(images, tmp_path):
    def endless():
        while True:
            yield renamed(images[0], SOPInstanceUID="1.2.3")

    archive = Archive(names(images), endless)
    with pytest.raises(TransferError, match=r"0 of 4 images arrived.*nobody asked for"):
        fetch(archive, "1.2", tmp_path / "out", attempts=3)
    assert archive.asked <= 4


def test_a_part_folder_that_leads_elsewhere(images, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out.part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="is a link to another place"):
        fetch(Archive(names(images), images), "1.2", tmp_path / "out")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_journal_is_kept_while_images_go(images, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_KEEP_EVERY", 0.0)
    kept = []

    class Store:
        def store(self, files):
            for path in files:
                journal = tmp_path / "journal.json"
                kept.append(len(json.loads(journal.read_text())["a"]) if journal.exists() else 0)
                yield path, None

    files = [tmp_path / f"{n}.dcm" for n in range(len(images))]
    for file, image in zip(files, images, strict=True):
        image.save_as(file)
    send(Store(), files, journal=tmp_path / "journal.json", destination="a")
    assert kept == [0, 1, 2, 3]
