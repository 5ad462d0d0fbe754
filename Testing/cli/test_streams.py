"""What happens to the command's words: a pipe that is closed, a device that is full, names with control characters, too little memory."""

import io
import os
import resource
import subprocess
import sys

import pytest

from LCDFusionLib.cli.streams import CleanStream, OutputLostError, without_controls
from LCDFusionLib.errors import InputError
from LCDFusionLib.notes import Note
from Testing.cli.place import COMMAND, refusal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and limits of POSIX")


@pytest.mark.parametrize("arguments", [["--help"], ["studies", "."]], ids=lambda words: words[0])
def test_a_reader_that_goes_away(place, arguments):
    """`lcdfusion ... | head -0`: no traceback, neither of ours nor of Python at its end."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=place.folder)
    os.close(writer)
    _, stderr = process.communicate(timeout=120)
    assert "Traceback" not in stderr
    assert "BrokenPipe" not in stderr
    assert process.returncode in (0, 2)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_device(place):
    with open("/dev/full", "w") as full:
        result = subprocess.run([*COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=place.folder, timeout=120)
    assert result.returncode == 1
    assert result.stderr == "lcdfusion: standard output cannot be written (No space left on device); send it elsewhere.\n"


def test_names_with_control_characters(place):
    sentence = refusal(place.run("fuse", "no\x1b[2Jsuch\x07\nlcdfusion: fused\r", "none\u202egnp.exe", "-o", place.out))
    assert "no\ufffd[2Jsuch\ufffd\ufffdlcdfusion: fused\ufffd" in sentence
    assert not any(letter in sentence for letter in "\x1b\x07\u202e\r")


def test_a_name_that_is_no_text(place):
    """A file name of bytes that are no UTF-8."""
    command = [*map(os.fsencode, COMMAND), b"studies", b"caf\xe9"]
    result = subprocess.run(command, capture_output=True, cwd=place.folder, timeout=120)
    assert result.returncode == 2
    assert result.stderr.startswith(b"lcdfusion: ")
    assert result.stderr.count(b"\n") == 1


def test_texts():
    assert without_controls("Müller^Anna\r\n\t100%|██|") == "Müller^Anna\r\n\t100%|██|"
    assert without_controls("a\x9b31mb\u2028c\u2066d") == "a\ufffd31mb\ufffdc\ufffdd"
    assert without_controls("\r 50%\rdone") == "\r 50%\ufffddone"


def test_every_sentence_is_one_line_whoever_shows_it():
    """Slicer and the viewer show sentences and notes too, and a script's log holds them."""
    name = "a\nlcdfusion: fused\x1b]0;x\x07"
    assert str(InputError(f"'{name}'")) == "'a\ufffdlcdfusion: fused\ufffd]0;x\ufffd'"
    note = Note("{anatomy} is {said}", names={"anatomy": name}, said=name)
    assert note.isprintable()
    assert note.without_names.isprintable()


def test_what_must_arrive():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputLostError, match="No space left"):
        CleanStream(Full(), must_arrive=True).write("x")
    assert CleanStream(Full(), must_arrive=False).write("x") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS is of Linux")
@pytest.mark.parametrize("megabytes", [240, 700])
def test_little_memory(place, study, weights, megabytes):
    """Too little for the libraries, and for PyTorch in the worker: a sentence."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20,) * 2)

    environment = {**place.environment, "OPENBLAS_NUM_THREADS": "1"}
    command = [*COMMAND, "fuse", str(study / "CT"), str(study / "PT"), "-o", str(place.out), "--weights", weights]
    result = subprocess.run(command, capture_output=True, text=True, cwd=place.folder, env=environment, preexec_fn=limit, timeout=120)
    assert result.returncode in (1, 2), (result.stdout, result.stderr)
    assert "memory" in result.stderr.lower() or "failed to map" in result.stderr  # that of the worker, which cannot load PyTorch
    assert result.stderr.count("\n") == 1
    assert not place.out.exists()
