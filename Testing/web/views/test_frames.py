"""The way of the pictures, with a view that only counts and a browser that only acknowledges."""

import asyncio
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

frames = pytest.importorskip("LCDFusionLib.web.views.frames")
wslink = pytest.importorskip("wslink")


class Area:
    """A view whose picture changes when it is told to."""

    def __init__(self):
        self.drawn, self.value = 0, 10
        self.is_broken = self.is_released = False

    @property
    def img_cols_rows(self):
        self.drawn += 1
        self.is_released = False
        if self.is_broken:
            raise RuntimeError("cannot draw")
        noise = np.random.default_rng(self.value).integers(0, 255, (40, 50, 3))
        return noise.astype(np.uint8), 50, 40

    def release(self):
        self.is_released = True

    def process_resize_event(self, width, height):
        pass

    def process_interaction_event(self, event):
        pass


def run(test, *, browser=True):
    """Runs a test with two views; what the browser gets is in `sent`: (view, step, quality)."""

    async def with_stream():
        stream, sent = frames.FrameStream(), []
        views = []
        for number, area in enumerate((Area(), Area())):
            view = stream.add(area)

            def push(content, meta, number=number):
                sharp = Image.open(BytesIO(content)).quantization[0][0] < 3
                sent.append((number, meta["step"], "sharp" if sharp else "rough"))
                if browser:
                    asyncio.get_running_loop().call_soon(stream.seen, meta["step"])

            view.set_push_callback(push)
            views.append((view, area))
        try:
            await test(stream, views, sent)
        finally:
            await stream.close()

    asyncio.run(with_stream())


async def until(condition):
    """Fails when it takes longer than ten seconds."""

    async def look():
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), 10)


def test_any_number_of_requests_is_one_picture_and_a_sharp_one():
    async def test(stream, views, sent):
        for _ in range(20):
            for view, _area in views:
                view.schedule_render()
        assert not stream.is_idle
        await until(lambda: stream.is_idle)
        assert sorted(sent) == [(0, 1, "rough"), (0, 1, "sharp"), (1, 1, "rough"), (1, 1, "sharp")]
        assert [area.drawn for _, area in views] == [1, 1]

    run(test)


def test_what_is_published_with_a_step_leaves_before_its_views_are_drawn():
    async def test(stream, views, sent):
        drawn_before = []

        async def leave():
            drawn_before.append([area.drawn for _, area in views])

        for n in range(5):
            for view, area in views:
                area.value = n
                view.schedule_render()
            wslink.schedule_coroutine(0, leave)  # as trame publishes what has changed
            await until(lambda: stream.is_idle)
        assert drawn_before == [[n, n] for n in range(5)]

    run(test)


def test_what_looks_the_same_is_not_sent_unless_the_browser_lost_it():
    async def test(stream, views, sent):
        (view, _), _ = views
        view.schedule_render()
        await until(lambda: stream.is_idle)
        sent.clear()
        view.schedule_render()
        await until(lambda: stream.is_idle)
        assert sent == []
        view.renew()
        await until(lambda: stream.is_idle)
        assert sent == [(0, 2, "rough"), (0, 2, "sharp")]

    run(test)


def test_a_view_that_is_not_on_the_page_holds_nothing_and_is_drawn_anew_when_it_comes_back():
    async def test(stream, views, sent):
        (view, area), (other, _) = views
        view.schedule_render()
        await asyncio.sleep(3 * frames.STILL_AFTER_S)
        sent.clear()
        stream.put_on_page([other])
        view.schedule_render()
        other.schedule_render()
        await asyncio.sleep(3 * frames.STILL_AFTER_S)
        assert {number for number, *_ in sent} == {1}
        assert (area.drawn, area.is_released) == (1, True)
        assert stream.is_idle
        sent.clear()
        stream.put_on_page([view, other])
        await asyncio.sleep(3 * frames.STILL_AFTER_S)
        assert [(number, quality) for number, _, quality in sent] == [(0, "rough"), (0, "sharp")], "though it looks as before"

    run(test)


def test_one_view_becomes_sharp_while_another_goes_on_moving():
    async def test(stream, views, sent):
        (still, _), (moving, area) = views
        still.schedule_render()
        for value in range(40):
            area.value = value
            moving.schedule_render()
            await asyncio.sleep(frames.STILL_AFTER_S / 10)
        assert "sharp" in [quality for number, _, quality in sent if number == 0]
        assert len({step for number, step, _ in sent if number == 1}) > 20
        assert all(quality == "rough" for number, _, quality in sent[:-1] if number == 1)

    run(test)


def test_a_browser_that_says_nothing_is_not_flooded_and_not_forgotten():
    async def test(stream, views, sent):
        (view, area), _ = views
        for value in range(60):
            area.value = value
            view.schedule_render()
            await asyncio.sleep(0.02)
        steps = {step for _, step, _ in sent}
        assert 2 <= len(steps) <= 6, "two at once, then one each half second"
        await until(lambda: stream.is_idle)
        assert area.value == 59
        assert np.array_equal(view.picture, area.img_cols_rows[0]), "the last picture was sent"

    run(test, browser=False)


def test_a_view_that_cannot_be_drawn_does_not_stop_the_others(capfd):
    async def test(stream, views, sent):
        (broken, area), (sound, _) = views
        area.is_broken = True
        broken.schedule_render()
        sound.schedule_render()
        await until(lambda: (1, 1, "sharp") in sent)
        assert "RuntimeError at test_frames.py" in capfd.readouterr().err, "where, and none of its words"

    run(test)


def test_nothing_is_drawn_after_the_end():
    async def test(stream, views, sent):
        await stream.close()
        views[0][0].schedule_render()
        for _ in range(20):  # drawing takes no more than three turns of the loop
            await asyncio.sleep(0)
        assert views[0][1].drawn == 0

    run(test)
