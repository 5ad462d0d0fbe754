"""The process that reads a session's first study: it gives what reading here gives, or nothing, and ends with the session."""

import numpy as np
import pytest

from LCDFusionLib.web.app.ahead import ReadAhead
from LCDFusionLib.web.app.study import open_study


def test_it_gives_what_reading_here_gives(small_study, tmp_path):
    said = []
    ahead = ReadAhead([small_study], tmp_path).study(progress=said.append)
    here = open_study([small_study], progress=lambda _: None)
    assert "Reading headers" in said[0]
    assert ahead.pairs == here.pairs
    assert [offer.title for offer in ahead.offers] == [offer.title for offer in here.offers]
    first = {ahead.pairs[0].anatomy, ahead.pairs[0].function}
    for there, offer in zip(ahead.offers, here.offers, strict=True):
        assert (there.volume is not None) == (there.key in first), "the first pair is read, the others are not"
        volume = offer.read().volume
        assert np.array_equal(there.read().volume.array, volume.array)
        assert there.volume.array.dtype == volume.array.dtype
        assert np.array_equal(there.volume.ijk_to_lps, volume.ijk_to_lps)
        assert there.source.headers == offer.source.headers
        assert there.source.files == offer.source.files
        assert there.source.facts == offer.source.facts


def test_without_paths_it_makes_the_phantom(tmp_path):
    ahead = ReadAhead([], tmp_path).study(progress=lambda _: None)
    assert ahead.offer(ahead.pairs[0].function).volume is not None
    assert any((tmp_path / "phantom").iterdir())


@pytest.mark.parametrize("name", ["nothing there", "no images"])
def test_where_it_cannot_read_it_gives_nothing_and_names_nobody(name, tmp_path, capfd):
    (tmp_path / "no images").mkdir()
    (tmp_path / "no images" / "Müller Anna.txt").write_text("no image")
    assert ReadAhead([tmp_path / name], tmp_path).study(progress=lambda _: None) is None
    log = "".join(capfd.readouterr())
    assert "InputError at" in log, "it says where, and no word of what was read"
    assert "ller" not in log
    assert name not in log


def test_a_series_that_cannot_be_read_is_left_to_be_read_again(small_study, tmp_path):
    for file in small_study.glob("*/*"):
        (tmp_path / f"{file.parent.name}{file.name}").write_bytes(file.read_bytes()[: -500 if file.parent.name == "PT" else None])
    ahead = ReadAhead([tmp_path], tmp_path).study(progress=lambda _: None)
    assert ahead.offer(ahead.pairs[0].anatomy).volume is not None
    assert ahead.offer(ahead.pairs[0].function).volume is None


def test_it_ends_with_the_session(tmp_path):
    process = ReadAhead([], tmp_path)._process
    assert process.stdout.read(1), "it is at work"
    process.stdin.close()
    assert process.wait(60) == 1
