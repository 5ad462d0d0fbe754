"""Decoders of others bring down their own process and nothing else. No file here could bring down one: it is killed, or waits in vain."""

import os
import signal

import numpy as np
import pydicom
import pytest

from LCDFusionLib.decoding import Decoder, DecodingError, decoder
from LCDFusionLib.dicom import read_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a file that gives nothing is a pipe without a writer")


@pytest.fixture
def compressed(tmp_path):
    write_series(tmp_path / "ct", body(Modality.CT, slices=6, size=24))
    for path in (tmp_path / "ct").rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    return tmp_path / "ct"


def test_one_process_decodes_a_series(compressed, monkeypatch):
    started = []
    start = Decoder.__init__
    monkeypatch.setattr(Decoder, "__init__", lambda self, program: (started.append(self), start(self, program))[1])
    volume, _ = read_folder(compressed)
    np.testing.assert_array_equal(volume.array, np.maximum(body(Modality.CT, slices=6, size=24).array, -1024))
    assert len(started) == 1
    assert started[0]._popen.poll() is not None


def test_a_decoder_that_dies_is_an_error_of_the_file(compressed, monkeypatch):
    asked = []
    ask = Decoder.ask

    def killed_at_the_third(self, path):
        asked.append(path)
        if len(asked) == 3:
            os.kill(self._popen.pid, signal.SIGSEGV)
        ask(self, path)

    monkeypatch.setattr(Decoder, "ask", killed_at_the_third)
    with pytest.raises(InputError, match=r"\.dcm' is damaged \(its decoder gave up with signal 11\): copy it again"):
        read_folder(compressed)


def test_a_decoder_that_does_not_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(decoder, "_LEAST_SECONDS", 0.1)
    os.mkfifo(tmp_path / "silent")
    with Decoder("dicom_pixels") as process:
        process.ask(tmp_path / "silent")
        with pytest.raises(DecodingError, match="gave up"):
            process.answer()


def test_it_is_ended_at_once_whatever_it_does(tmp_path):
    os.mkfifo(tmp_path / "silent")
    process = Decoder("dicom_pixels")
    process.ask(tmp_path / "silent")
    process.close()
    assert process._popen.poll() is not None
