"""What browsers upload, and what of it reached the session."""

import asyncio
import io
import zipfile
from pathlib import Path

import aiohttp

from Testing.web.front.running_front import Browser


def zipped(*entries, method=zipfile.ZIP_DEFLATED) -> bytes:
    """An archive; an entry is a name or a ZipInfo, and its content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content, compress_type=method)
    return stream.getvalue()


def form(*files) -> aiohttp.FormData:
    """As a browser sends files: name and content of each."""
    data = aiohttp.FormData(quote_fields=False)
    data.add_field("note", "no file")
    for name, content in files:
        data.add_field("files", content, filename=name, content_type="application/octet-stream")
    return data


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


async def opened_folder(browser: Browser, number: int = 1) -> Path:
    """Of an upload, once the session was told of it."""
    for _ in range(100):
        opened = (await browser.view())["opened"]
        if len(opened) == number:
            return Path(opened[-1])
        await asyncio.sleep(0.02)
    raise AssertionError("the session was not told")
