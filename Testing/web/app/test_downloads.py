"""A file is fetched once under its own address."""

import asyncio

from aiohttp import ClientSession, web

from LCDFusionLib.web.app.downloads import Downloads


def test_a_link_serves_once_and_leaves_nothing(tmp_path):
    async def fetch_twice():
        downloads, app = Downloads(tmp_path), web.Application()
        downloads.add_route(app)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        folder = downloads.new_folder()
        (folder / "fused.nrrd").write_bytes(b"image")
        link = downloads.offer(folder / "fused.nrrd")
        answers = []
        async with ClientSession() as session:
            for address in (link, link, "download/guessed/fused.nrrd"):
                async with session.get(f"http://127.0.0.1:{port}/{address}") as answer:
                    answers.append((answer.status, await answer.read(), answer.headers.get("Content-Disposition")))
        await runner.cleanup()
        return answers

    first, *others = asyncio.run(fetch_twice())
    assert first == (200, b"image", 'attachment; filename="fused.nrrd"')
    assert [status for status, *_ in others] == [404, 404]
    assert list(tmp_path.iterdir()) == []
