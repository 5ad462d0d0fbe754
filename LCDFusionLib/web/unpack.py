"""Uploaded files, zip archives among them, become a folder: nothing outside it is touched, and nothing grows beyond the limits."""

from __future__ import annotations

import errno
import json
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from LCDFusionLib.errors import InputError

KEPT_FREE = 256 * 2**20
"""Bytes of the disk that uploads leave alone."""

_CHUNK = 2**20
_ENCRYPTED = 0x1
_DEEPEST = 12
_LONGEST_NAME = 100
_ENTRY = 46  # bytes of an entry of a zip's directory, before its name and more (APPNOTE 4.3.12)
_LONGEST_ENTRY = 4096
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Limits:
    """Of what may come out.

    Attributes:
        total: bytes of all files.
        files: number of them.
        ratio: how many times larger than its archive the content may be, beyond 64 MiB.
            Images shrink to a tenth; deflate can do a thousandth.
    """

    total: int
    files: int = 50_000
    ratio: int = 200


@dataclass(frozen=True)
class Unpacked:
    """What came out.

    Attributes:
        files: number of files.
        notes: what was left out, in sentences.
    """

    files: int
    notes: tuple[str, ...] = ()


def safe_name(name: str) -> str:
    """A file name of plain characters, that keeps its extensions; "file" if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._ -")
    if len(plain) > _LONGEST_NAME:
        stem, *extensions = plain.rsplit(".", 2)
        ending = "".join(f".{extension[:10]}" for extension in extensions)
        plain = stem[: _LONGEST_NAME - len(ending)] + ending
    return plain or "file"


def unpack(uploaded: Iterable[tuple[str, Path]], target: Path, limits: Limits, *, stopped: Callable[[], bool] = lambda: False) -> Unpacked:
    """Move files, and the content of zip archives, into a folder; archives are removed.

    Args:
        uploaded: name that the browser gave, and where the file lies now, on the disk of `target`.
        target: an empty folder.
        limits: of what may come out.
        stopped: asked while it works; True ends it with `InputError`.

    Raises:
        InputError: what was uploaded is damaged, too large, or made to do harm; `target` is then not to be used.
        OSError: it cannot be written.
    """
    into = _Folder(target, limits, stopped)
    nested = 0
    for name, path in uploaded:
        if is_zip(path):
            nested += _unpack_zip(name, path, into)
            path.unlink()
        elif name.lower().endswith(".zip"):
            raise _damaged_archive(safe_name(name))
        else:
            into.move(name, path)
    if not into.files:
        raise InputError(
            "The upload holds another zip archive but no files; unpack it first and send what is in it."
            if nested
            else "The upload holds no files; choose a zipped DICOM study, its files, or an NRRD or NIfTI file."
        )
    notes = (f"{nested} zip archive{'s' * (nested > 1)} within the archive left out; unpack first if it is needed.",) if nested else ()
    return Unpacked(into.files, notes)


def unpack_folder(folder: Path, names: str, *, total: int, stopped: Callable[[], bool]) -> dict[str, object]:
    """Unpack an upload that lies in a folder of a session, into its `files`; what to answer, as `session_contract` says.

    Args:
        folder: of the upload, beside earlier ones, which count.
        names: file in there that lists the uploaded files.
        total: bytes that all uploads of the session may have.
        stopped: see `unpack`.
    """
    try:
        files = [(name, folder / part) for name, part in json.loads((folder / names).read_text(encoding="utf-8"))]
        (folder / names).unlink()
        earlier = (each for each in folder.parent.glob("upload-*") if each != folder)
        used = sum(path.stat().st_size for each in earlier for path in each.rglob("*") if path.is_file())
        target = folder / "files"
        target.mkdir()
        room = max(0, shutil.disk_usage(folder).free - KEPT_FREE)
        unpacked = unpack(files, target, Limits(total=max(0, min(total - used, room))), stopped=stopped)
        return {"files": unpacked.files, "notes": list(unpacked.notes)}
    except InputError as error:
        return {"error": str(error), "status": 400}
    except MemoryError:
        return {"error": "The upload needs more memory than there is; send one study, or fewer series.", "status": 400}
    except OSError as error:
        return {"error": f"The upload could not be stored ({error.strerror}); whoever runs the server has to see to it.", "status": 507}


def is_zip(path: Path) -> bool:
    """True by the first bytes, whatever the name."""
    with path.open("rb") as file:
        return file.read(4) in _ZIP_STARTS


class _Folder:
    """The target, and what has gone into it."""

    def __init__(self, path: Path, limits: Limits, stopped: Callable[[], bool]) -> None:
        self.limits = limits
        self.files = 0
        self.bytes = 0
        self._path = path
        self._stopped = stopped
        self._taken: set[str] = set()
        self._numbers: dict[Path, int] = {}

    def move(self, name: str, path: Path) -> None:
        """Take over a whole file."""
        self.count(path.stat().st_size, new_file=True)
        # Of a folder that was dropped, browsers give the way to the file; some very old ones one on the reader's own disk, by backslashes.
        parts = [part for part in name.rpartition("\\")[2].split("/") if part not in ("", ".", "..")]
        path.rename(self.place(tuple(parts[-_DEEPEST:]) or (name,)))

    def copy(self, parts: tuple[str, ...], source: zipfile.ZipExtFile, allowed: Callable[[int], None]) -> None:
        """Write what comes out of an archive."""
        self.count(0, new_file=True)
        with self.place(parts).open("xb") as file:
            while chunk := source.read(_CHUNK):
                self.count(len(chunk))
                allowed(len(chunk))
                file.write(chunk)

    def count(self, size: int, *, new_file: bool = False) -> None:
        """InputError if this is too much."""
        self.files += new_file
        self.bytes += size
        if self._stopped():
            raise InputError("The upload was stopped.")
        if self.files > self.limits.files:
            raise InputError(f"The upload holds more than {self.limits.files} files; send one study at a time.")
        if self.bytes > self.limits.total:
            raise InputError(f"The upload is larger than {_in_words(self.limits.total)} when unpacked; send one study, or fewer series.")

    def place(self, parts: tuple[str, ...]) -> Path:
        """Where a file goes, by names that are safe and not taken yet."""
        *folders, name = (safe_name(part) for part in parts)
        folder = self._path.joinpath(*folders)
        folder.mkdir(parents=True, exist_ok=True)
        # The next number of a name is kept, so that many equal names do not cost their square.
        n = self._numbers.get(folder / name, 0) + 1
        while True:
            place = folder / (name if n == 1 else f"{n}_{name}")
            if str(place).casefold() not in self._taken and not place.exists():
                break
            n += 1
        self._numbers[folder / name] = n
        self._taken.add(str(place).casefold())
        return place


def _unpack_zip(name: str, path: Path, into: _Folder) -> int:
    """The number of archives within it, which are left out."""
    name = safe_name(name)
    nested = written = 0
    largest = max(64 * 2**20, into.limits.ratio * path.stat().st_size)

    def allowed(size: int) -> None:
        nonlocal written
        written += size
        if written > largest:
            raise InputError(
                f"The archive '{name}' unpacks to more than {into.limits.ratio} times its size, which no images do; send them as files."
            )

    try:
        _check_directory(name, path, into.limits)
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > into.limits.files:
                raise InputError(f"The archive '{name}' holds more than {into.limits.files} files; send one study at a time.")
            for entry in entries:
                _check_entry(entry, name)
            into.count(0)
            if sum(entry.file_size for entry in entries) > into.limits.total - into.bytes:
                raise InputError(
                    f"The archive '{name}' is larger than {_in_words(into.limits.total)} when unpacked; send one study, or fewer series."
                )
            for entry in entries:
                if entry.is_dir() or _is_of_the_system(entry):
                    continue
                with cast(zipfile.ZipExtFile, archive.open(entry)) as content:
                    if content.peek(4)[:4] in _ZIP_STARTS:
                        nested += 1
                        continue
                    into.copy(PurePosixPath(entry.filename).parts, content, allowed)
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError, struct.error, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a place before the file's beginning is the archive's fault
            raise
        raise _damaged_archive(name) from error
    return nested


def _check_directory(name: str, path: Path, limits: Limits) -> None:
    """Before a directory is read, which makes an object of each entry: how many it says that there are, and whether its size agrees."""
    with path.open("rb") as file:
        found = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # as the reader itself finds it, so that both see the same
    if not found:
        raise zipfile.BadZipFile
    entries, size = found[zipfile._ECD_ENTRIES_TOTAL], found[zipfile._ECD_SIZE]  # type: ignore[attr-defined]
    if entries > limits.files or size > limits.files * _LONGEST_ENTRY:
        raise InputError(f"The archive '{name}' holds more than {limits.files} files; send one study at a time.")
    if not entries * _ENTRY <= size <= entries * _LONGEST_ENTRY:
        raise zipfile.BadZipFile


def _check_entry(entry: zipfile.ZipInfo, archive: str) -> None:
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    if not parts or entry.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in entry.orig_filename:
        raise InputError(
            f"The archive '{archive}' wants to write outside its own folder, which is not done; make it again from the study alone."
        )
    if len(parts) > _DEEPEST:
        raise InputError(f"The archive '{archive}' has more than {_DEEPEST} folders within one another; send the study's folder alone.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(f"The archive '{archive}' holds links or devices, which are not unpacked; make it again from plain files.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError
    if entry.flag_bits & _ENCRYPTED:
        raise InputError(
            f"The archive '{archive}' is protected by a password; unpack it first and send the files, or a zip without password."
        )


def _is_of_the_system(entry: zipfile.ZipInfo) -> bool:
    """What macOS and Windows add to archives."""
    parts = PurePosixPath(entry.filename).parts
    return parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _in_words(size: int) -> str:
    return f"{size / 2**30:.3g} GiB" if size >= 2**30 else f"{size / 2**20:.3g} MiB"


def _damaged_archive(name: str) -> InputError:
    return InputError(f"The archive '{name}' is damaged or of a kind that is not known; make it again as a plain zip.")
