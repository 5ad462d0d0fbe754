"""`POST /upload`: files come in piece by piece, never whole in memory, are unpacked in the session's folder and handed to the session.

The body is multipart/form-data; each part with a file name is a file (several at once, or a zip). The answer is JSON: {"files": number,
"notes": [sentences]}, or, with a status of 400 and more, {"error": sentence}. How far the browser has got with sending, it knows itself.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

import aiohttp
from aiohttp import web

from LCDFusionLib.errors import InputError

from ..session_contract import NAMES
from ..unpack import KEPT_FREE
from .sessions import Session
from .settings import MEBIBYTE, FrontSettings

UNPACKED = 4
"""Times the upload limit that a session's files may have."""

_MOST_PARTS = 50_000
_MOST_LETTERS = 8 * MEBIBYTE  # of all names
_CHUNK = 2**18


class TooLargeError(InputError):
    """The upload is over the limit."""


class UnpackError(Exception):
    """What the session said against an upload, and with which status."""


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
    except UnpackError as error:
        return _error(*error.args)
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


async def _store(request: web.Request, session: Session, folder: Path, settings: FrontSettings) -> list[tuple[str, str]]:
    """Write the files as they come; their names are not used on the way. Parts without a file name are dropped, and count."""
    files: list[tuple[str, str]] = []
    total = parts = names = 0
    reader = await request.multipart()
    while part := await reader.next():
        parts += 1
        if not isinstance(part, aiohttp.BodyPartReader) or parts > _MOST_PARTS:
            raise InputError("The upload holds more files than a study has; send one study at a time.")
        name = part.filename or ""
        names += len(name)
        if names > _MOST_LETTERS:
            raise InputError("The names of the files in the upload are too long; send one study at a time.")
        path = folder / f"part-{parts}"
        with path.open("xb") if name else nullcontext() as file:
            while chunk := await part.read_chunk(_CHUNK):
                total += len(chunk)
                if total > settings.upload_limit:
                    raise _too_large(settings)
                session.touch()
                if file is not None:
                    await asyncio.to_thread(file.write, chunk)
        if name:
            files.append((name, path.name))
    return files


async def _unpack(files: list[tuple[str, str]], session: Session, folder: Path, settings: FrontSettings) -> web.Response:
    """In the session's process: what an archive costs in time and memory, it costs its own reader."""
    (folder / NAMES).write_text(json.dumps(files), encoding="utf-8")
    answer = await session.process.unpack(folder, total=UNPACKED * settings.upload_limit)
    if "error" in answer:
        raise UnpackError(answer["error"], answer["status"])
    return web.json_response({"files": answer["files"], "notes": answer["notes"]})


def room(folder: Path) -> int:
    """Bytes that may still be written to the disk of a folder."""
    return max(0, shutil.disk_usage(folder).free - KEPT_FREE)


def _too_large(settings: FrontSettings) -> TooLargeError:
    return TooLargeError(f"The upload is larger than {settings.upload_limit // MEBIBYTE} MiB; send one study, or fewer series.")


def _error(sentence: str, status: int) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
