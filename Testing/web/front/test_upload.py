"""Uploads: what is good reaches the session, what is bad is refused in a sentence, and nothing is left of it."""

import asyncio
import contextlib
import stat
import struct
import zipfile
from pathlib import Path

import aiohttp
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.web.unpack import Limits, safe_name, unpack
from Testing.web.front.running_front import Browser, in_loop
from Testing.web.front.uploads import content_of, form, opened_folder, zipped

LIMIT = 8 * 2**20
"""Of the server in `front`."""


def special(name: str, kind: int) -> zipfile.ZipInfo:
    """An entry for what is no plain file."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (kind | 0o644) << 16
    return entry


def flagged(archive: bytes, flag: int) -> bytes:
    """The same archive, with a flag set in the local and central headers of all entries."""
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = archive.find(signature)
        while start >= 0:
            at = start + offset
            archive = archive[:at] + struct.pack("<H", struct.unpack_from("<H", archive, at)[0] | flag) + archive[at + 2 :]
            start = archive.find(signature, at)
    return archive


@in_loop
async def test_zipped_study_reaches_the_session(front):
    study = zipped(
        ("STUDY/CT/IM0001", b"DICM" * 1000),
        ("STUDY/PT/IM0001", b"other"),
        ("STUDY/Müller^Änne/IM 1.dcm", b"name"),
        ("__MACOSX/STUDY/._IM0001", b"junk"),
        ("STUDY/Thumbs.db", b"junk"),
        ("STUDY/empty/", b""),
    )
    async with Browser(front.address) as one:
        state = await one.view()
        response = await one.post("/upload", data=form(("study.zip", study)))
        assert (response.status, await response.json()) == (200, {"files": 3, "notes": []})
        folder = await opened_folder(one)
        assert content_of(folder) == {
            "STUDY/CT/IM0001": b"DICM" * 1000,
            "STUDY/PT/IM0001": b"other",
            "STUDY/Muller_Anne/IM_1.dcm": b"name",
        }
        assert Path(state["folder"]) in folder.parents
        assert [path.name for path in folder.parent.iterdir()] == ["files"]  # the archive is gone


@in_loop
async def test_several_files_and_a_second_upload(front):
    async with Browser(front.address) as one:
        await one.view()
        response = await one.post(
            "/upload", data=form(("ct.nrrd", b"1"), ("PET.NII.GZ", b"2"), ("C:\\fakepath\\ct.nrrd", b"3"), ("../up/../a b/c", b"4"))
        )
        assert (await response.json())["files"] == 4
        assert content_of(await opened_folder(one)) == {"ct.nrrd": b"1", "PET.NII.GZ": b"2", "2_ct.nrrd": b"3", "up/a_b/c": b"4"}
        await one.post("/upload", data=form(("next.nrrd", b"5")))
        assert content_of(await opened_folder(one, 2)) == {"next.nrrd": b"5"}


GOOD = ("good", b"good")
BAD = {
    "parent folder": (zipped(GOOD, ("../../evil", b"x")), "outside its own folder"),
    "hidden parent folder": (zipped(("a/../../evil", b"x")), "outside its own folder"),
    "absolute": (zipped(("/etc/evil", b"x")), "outside its own folder"),
    "parent folder of Windows": (zipped(("..\\evil", b"x")), "outside its own folder"),
    "drive": (zipped(("C:evil", b"x")), "outside its own folder"),
    "too deep": (zipped(("a/" * 20 + "evil", b"x")), "folders within one another"),
    "link": (zipped(GOOD, (special("link", stat.S_IFLNK), b"/etc/passwd")), "links or devices"),
    "device": (zipped((special("null", stat.S_IFCHR), b"")), "links or devices"),
    "pipe": (zipped((special("pipe", stat.S_IFIFO), b"")), "links or devices"),
    "password": (flagged(zipped(GOOD), 0x1), "protected by a password"),
    "cut off": (zipped(("a", b"a" * 1000))[:-30], "damaged"),
    "changed": (zipped(("a", bytes(range(256)) * 4), method=zipfile.ZIP_STORED).replace(b"\x07\x08", b"\x07\x09"), "damaged"),
    "no zip": (b"PK\x03\x04" + b"?" * 1000, "damaged"),
    "other compression": (zipped(GOOD, method=zipfile.ZIP_BZIP2), "damaged or of a kind"),
    "larger than allowed": (zipped(*((f"{n}", b"\0" * 2**20) for n in range(40))), "larger than 32 MiB when unpacked"),
    "nothing": (zipped(), "holds no files"),
    "empty folders": (zipped(("a/", b"")), "holds no files"),
    "archive alone": (zipped(("inner.zip", zipped(GOOD))), "another zip archive but no files"),
}


@pytest.fixture(scope="module")
def cookies(front):
    """Of a browser that has a session."""

    async def visit():
        async with Browser(front.address) as one:
            await one.view()
            return {cookie.key: cookie.value for cookie in one.client.cookie_jar}

    return asyncio.run(visit())


@pytest.mark.parametrize("kind", BAD)
@in_loop
async def test_bad_archives(front, cookies, kind):
    archive, says = BAD[kind]
    async with Browser(front.address, cookies=cookies) as one:
        state = await one.view()
        before = set(front.temporary.rglob("*"))
        response = await one.post("/upload", data=form(("study.zip", archive)))
        sentence = (await response.json())["error"]
        assert response.status == 400
        assert says in sentence
        assert sentence.endswith(".")
        assert ". " not in sentence
        assert set(front.temporary.rglob("*")) == before
        assert (await one.view())["opened"] == []
        assert (await one.view())["pid"] == state["pid"]


@in_loop
async def test_archive_within_an_archive_is_left_out(front):
    async with Browser(front.address) as one:
        await one.view()
        response = await one.post("/upload", data=form(("study.zip", zipped(GOOD, ("viewer/inner.zip", zipped(("evil", b"x")))))))
        assert "1 zip archive within the archive left out" in (await response.json())["notes"][0]
        assert content_of(await opened_folder(one)) == {"good": b"good"}


@in_loop
async def test_too_large_is_refused_before_and_while_it_comes_in(front):
    async def endless():
        while True:
            yield b"\1" * 2**16

    async with Browser(front.address) as one:
        state = await one.view()
        response = await one.post("/upload", data=form(("large.nrrd", b"\1" * (LIMIT + 1))))
        assert response.status == 413
        assert (await response.json())["error"] == "The upload is larger than 8 MiB; send one study, or fewer series."
        data = aiohttp.MultipartWriter("form-data")  # without saying how large it is
        data.append(endless()).set_content_disposition("form-data", name="files", filename="endless.nrrd")
        with contextlib.suppress(aiohttp.ClientError):  # the server has said no, and hangs up on what never ends
            assert (await one.post("/upload", data=data)).status == 413
        assert not list(Path(state["folder"]).glob("upload-*"))
        assert (await (await one.post("/upload", data=form(("small", b"1")))).json())["files"] == 1


@in_loop
async def test_what_is_no_upload(front):
    async with Browser(front.address) as one, Browser(front.address) as stranger:
        await one.view()
        assert (await stranger.post("/upload", data=form(("a", b"1")))).status == 401
        for data, headers in ((b"x", {}), (b"x", {"Content-Type": "multipart/form-data"}), (form(), {})):
            response = await one.post("/upload", data=data, headers=headers)
            assert response.status == 400
            assert (await response.json())["error"].endswith(".")
        cut = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\ncontent without an end'
        response = await one.post("/upload", data=cut, headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert response.status == 400
        assert (await one.view())["opened"] == []


@in_loop
async def test_upload_that_breaks_off_leaves_nothing_and_lets_the_next_one_in(front):
    async with Browser(front.address) as one:
        state = await one.view()
        _, writer = await asyncio.open_connection("127.0.0.1", front.port)
        (cookie,) = (f"{cookie.key}={cookie.value}" for cookie in one.client.cookie_jar)
        writer.write(
            f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1:{front.port}\r\nOrigin: {front.address}\r\nCookie: {cookie}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'.encode()
            + b"1" * 100_000
        )
        await writer.drain()
        folder = Path(state["folder"])
        while not list(folder.glob("upload-*/part-1")):
            await asyncio.sleep(0.01)
        assert (await one.post("/upload", data=form(("a", b"1")))).status == 409
        writer.close()
        while list(folder.glob("upload-*")):
            await asyncio.sleep(0.01)
        assert (await one.post("/upload", data=form(("a", b"1")))).status == 200


def uploaded(folder: Path, *files) -> list[tuple[str, Path]]:
    folder.mkdir()
    paths = []
    for n, (name, content) in enumerate(files):
        (folder / f"part-{n}").write_bytes(content)
        paths.append((name, folder / f"part-{n}"))
    (folder / "files").mkdir()
    return paths


def test_bombs_and_crowds(tmp_path):
    zeros = zipped(*((str(n), b"\0" * 2**24) for n in range(8)))
    with pytest.raises(InputError, match="more than 200 times its size"):
        unpack(uploaded(tmp_path / "a", ("bomb.zip", zeros)), tmp_path / "a" / "files", Limits(total=2**40))
    many = zipped(*((str(n), b"") for n in range(101)))
    with pytest.raises(InputError, match="more than 100 files"):
        unpack(uploaded(tmp_path / "b", ("many.zip", many)), tmp_path / "b" / "files", Limits(total=2**40, files=100))
    with pytest.raises(InputError, match="more than 100 files"):
        unpack(uploaded(tmp_path / "c", *(("x", b"") for _ in range(101))), tmp_path / "c" / "files", Limits(total=2**40, files=100))
    with pytest.raises(InputError, match="stopped"):
        unpack(uploaded(tmp_path / "d", ("good.zip", zipped(GOOD))), tmp_path / "d" / "files", Limits(total=2**40), stopped=lambda: True)


def test_directories_are_not_read_before_they_are_measured(tmp_path, monkeypatch):
    """More entries than are allowed, or another number than it says: refused while the directory still lies on the disk."""
    many = zipped(*((str(n), b"") for n in range(101)))
    end = many.rindex(b"PK\5\6")
    lying = many[: end + 8] + struct.pack("<HH", 1, 1) + many[end + 12 :]

    def read(*_):
        raise AssertionError("the directory is read")

    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", read)
    for name, archive, says in (("many", many, "more than 100 files"), ("lying", lying, "damaged")):
        with pytest.raises(InputError, match=says):
            unpack(uploaded(tmp_path / name, ("a.zip", archive)), tmp_path / name / "files", Limits(total=2**40, files=100))


def test_equal_names_are_numbered_without_counting_anew(tmp_path):
    target = tmp_path / "a" / "files"
    assert unpack(uploaded(tmp_path / "a", *(("IM", b"") for _ in range(2000))), target, Limits(total=1)).files == 2000
    assert {path.name for path in target.iterdir()} == {"IM", *(f"{n}_IM" for n in range(2, 2001))}


@in_loop
async def test_parts_without_a_file_name_count(front):
    async with Browser(front.address) as one:
        state = await one.view()
        data = aiohttp.FormData()
        data.add_field("word", b"x" * (LIMIT + 1), content_type="application/octet-stream")
        with contextlib.suppress(aiohttp.ClientError):
            assert (await one.post("/upload", data=data, chunked=True)).status == 413
        assert not list(Path(state["folder"]).glob("upload-*"))


def test_archive_that_lies_about_its_size(tmp_path):
    """Headers say 1 byte, the content has a million."""
    archive = zipped(("a", b"\0" * 10**6))
    lying = archive.replace(struct.pack("<I", 10**6), struct.pack("<I", 1))
    assert lying != archive
    with pytest.raises(InputError, match="damaged"):
        unpack(uploaded(tmp_path / "a", ("lie.zip", lying)), tmp_path / "a" / "files", Limits(total=1000))
    assert sum(path.stat().st_size for path in (tmp_path / "a" / "files").rglob("*")) <= 1000


def test_archive_that_begins_as_none(tmp_path):
    """By its first bytes it is no zip; it does not become a file that nothing can read."""
    with pytest.raises(InputError, match=r"archive 'one\.ZIP' is damaged"):
        unpack(uploaded(tmp_path / "one", ("one.ZIP", b"\0" + zipped(("a.dcm", b"x"))[1:])), tmp_path, Limits(total=10**6))


def test_archive_whose_directory_lies_elsewhere_than_it_says(tmp_path):
    """Its first file would begin before the archive does."""
    archive = bytearray(zipped(("a", b"content")))
    place = len(archive) - 22 + 16  # of the directory's offset in the end record (APPNOTE 4.3.16)
    struct.pack_into("<I", archive, place, struct.unpack_from("<I", archive, place)[0] + 10)
    with pytest.raises(InputError, match="damaged"):
        unpack(uploaded(tmp_path / "a", ("odd.zip", bytes(archive))), tmp_path / "a" / "files", Limits(total=1000))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("CT 1.nii.gz", "CT_1.nii.gz"),
        (".hidden", "hidden"),
        ("..", "file"),
        ("a/b\\c", "a_b_c"),
        ("\u202etxt.exe", "txt.exe"),
        ("患者", "file"),
        ("n\n$(x);'.dcm", "n_x_.dcm"),
        ("x" * 300 + ".nii.gz", "x" * 93 + ".nii.gz"),
        ("con\0", "con"),
    ],
)
def test_names_of_files(name, safe):
    assert safe_name(name) == safe
