"""`POST /upload`: files come in piece by piece, never whole in memory, are unpacked in the session's folder and handed to the session.

The body is multipart/form-data; each part with a file name is a file (several at once, or a zip). The answer is JSON: {"files": number,
"notes": [sentences]}, or, with a status of 400 and more, {"error": sentence}. How far the browser has got with sending, it knows itself.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from pathlib import Path

import aiohttp
from aiohttp import web

from LCDFusionLib.errors import InputError

from .sessions import Session
from .settings import MEBIBYTE, FrontSettings
from .unpack import Limits, unpack

UNPACKED = 4
"""Times the upload limit that a session's files may have."""

_MOST_PARTS = 50_000
_CHUNK = 2**18
_KEPT_FREE = 256 * MEBIBYTE


class TooLargeError(InputError):
    """The upload is over the limit."""


async def receive(request: web.Request, session: Session, settings: FrontSettings) -> web.Response:
    """Answer the request."""
    if session.uploading:
        return _error("Another upload is still coming in; wait until it is done.", 409)
    session.uploading = True
    folder = None
    try:
        with session.in_use():
            if request.content_type != "multipart/form-data":
                raise InputError("The upload is not what a form sends (multipart/form-data).")
            if (request.content_length or 0) > settings.upload_limit:
                raise _too_large(settings)
            if room(session.process.folder) < (request.content_length or 0):
                raise InputError("The server's disk has no room for this upload; whoever runs it has to make some.")
            folder = Path(tempfile.mkdtemp(prefix="upload-", dir=session.process.folder))
            files = await _store(request, session, folder, settings)
            answer = await _unpack(files, session, folder, settings)
            session.process.open(folder / "files")
            folder = None  # it is the session's now
            return answer
    except TooLargeError as error:
        return _error(str(error), 413)
    except InputError as error:
        return _error(str(error), 400)
    except (aiohttp.ClientError, ConnectionError, ValueError):
        return _error("The upload broke off or is damaged; send it again.", 400)
    except OSError as error:
        return _error(f"The upload could not be stored ({error.strerror}); whoever runs the server has to see to it.", 507)
    finally:
        session.uploading = False
        if folder:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


async def _store(request: web.Request, session: Session, folder: Path, settings: FrontSettings) -> list[tuple[str, Path]]:
    """Write the files as they come; their names are not used on the way."""
    files: list[tuple[str, Path]] = []
    total = parts = 0
    reader = await request.multipart()
    while part := await reader.next():
        parts += 1
        if not isinstance(part, aiohttp.BodyPartReader) or parts > _MOST_PARTS:
            raise InputError("The upload holds more files than a study has; send one study at a time.")
        if not part.filename:
            await part.release()
            continue
        path = folder / f"part-{parts}"
        with path.open("xb") as file:
            while chunk := await part.read_chunk(_CHUNK):
                total += len(chunk)
                if total > settings.upload_limit:
                    raise _too_large(settings)
                session.touch()
                await asyncio.to_thread(file.write, chunk)
        files.append((part.filename, path))
    return files


async def _unpack(files: list[tuple[str, Path]], session: Session, folder: Path, settings: FrontSettings) -> web.Response:
    used = await asyncio.to_thread(_size, session.process.folder, folder)
    limits = Limits(total=max(0, min(UNPACKED * settings.upload_limit - used, room(folder))))
    target, stop = folder / "files", threading.Event()
    target.mkdir()
    try:
        unpacked = await asyncio.to_thread(unpack, files, target, limits, stopped=stop.is_set)
    finally:
        stop.set()  # where the browser went away, the thread is still at it
    return web.json_response({"files": unpacked.files, "notes": unpacked.notes})


def room(folder: Path) -> int:
    """Bytes that may still be written to the disk of a folder."""
    return max(0, shutil.disk_usage(folder).free - _KEPT_FREE)


def _size(session_folder: Path, without: Path) -> int:
    """Bytes of what was uploaded before and is still there."""
    earlier = (path for path in session_folder.glob("upload-*") if path != without)
    return sum(path.stat().st_size for folder in earlier for path in folder.rglob("*") if path.is_file())


def _too_large(settings: FrontSettings) -> TooLargeError:
    return TooLargeError(f"The upload is larger than {settings.upload_limit // MEBIBYTE} MiB; send one study, or fewer series.")


def _error(sentence: str, status: int) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
