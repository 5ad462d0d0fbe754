"""Ctrl-C at random moments: `python -m Testing.fuzz.interrupt --moments 50`, the third part of `make fuzz`.

Each command is run to its end once, to know how long it takes; then it is begun again and again, and SIGINT goes to its whole process
group, as a terminal sends it, after a random part of that time. It has to end soon, with exit code 130 and one line (`train` two: how to
go on), without a traceback, and without a temporary file left.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from Testing.cli.place import Place
from Testing.cli.small_study import body, write_series
from Testing.fuzz.moments import parsed
from Testing.plain_weights import write_plain_weights

PATIENCE = 180  # seconds until a command that has not ended counts as deaf, also where a hundred others want the processor
GOOD = ("130", "0", "while Python loads")
"""The third: Python was starting, or loading the command, and has said so in its own way; nothing was begun."""

NAMES = ("register", "fuse", "batch", "train", "view")
ENDINGS = (*GOOD, "other code", "traceback", "more than a line", "deaf", "left behind")


def commands(folder):
    """{name: (arguments, seconds after which it ends by itself, or None)}."""
    for modality in (Modality.CT, Modality.PET):
        write_volume(body(modality, slices=24, size=96), folder / f"{modality.name}.nrrd")
        for patient in ("a", "b"):
            write_series(folder / "studies" / patient / modality.value, body(modality, slices=4, size=24))
    weights = write_plain_weights(folder / "plain.pt")
    rows, columns = np.mgrid[:44, :44]
    for kind in ("MRI", "PET"):
        (folder / "data" / "brain-atlas" / "PET-MRI" / kind).mkdir(parents=True)
    for series in (25, 30, 41):
        for k in range(3):
            gray = (120 + 100 * np.sin(columns / (2 + k)) * np.cos(rows / series)).astype(np.uint8)
            for kind, image in (("MRI", gray), ("PET", np.stack([gray, gray // 2, 0 * gray], axis=-1))):
                file = folder / "data" / "brain-atlas" / "PET-MRI" / kind / f"{series}{k:03}.png"
                sitk.WriteImage(sitk.GetImageFromArray(image, isVector=image.ndim == 3), str(file))
    pair = folder / "CT.nrrd", folder / "PET.nrrd"
    return {
        "register": ("register", *pair, "-o", "OUT"),
        "fuse": ("fuse", *pair, "-o", "OUT", "--dicom", "--weights", weights),
        "batch": ("batch", folder / "studies", "-o", "OUT", "--weights", weights, "--workers", "1"),
        "train": ("train", "atlas-pet-mri", "--data", folder / "data", "-o", "OUT", "--device", "cpu", "--steps", "6"),
        "view": ("view", "--no-browser", "--port", "0", "--no-spare"),
    }


def once(place, arguments, seconds):
    """(what was wrong or how it ended, what it printed); interrupted after `seconds`, or never."""
    out = place.folder / "out"
    process = place.start(*(out if argument == "OUT" else argument for argument in arguments))
    try:
        printed = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        try:
            printed = process.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "deaf", process.communicate()[1]
    lines = [line for line in printed.replace("\r", "\n").splitlines() if line.startswith(("lcdfusion:", "stopped;"))]
    if "Traceback" in printed or "Error" in printed:
        return "traceback" if "cli/main.py" in printed else "while Python loads", printed
    if process.returncode not in (0, 130):
        return "other code", f"{process.returncode}: {printed}"
    if process.returncode == 130 and (len(lines) - (arguments[0] == "train") > 1 or not lines):
        return "more than a line", printed
    # Processes that were told to end may take a moment; temporary files lie in folders of theirs.
    deadline = time.monotonic() + 10
    while any(place.temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [*place.temporary.iterdir(), *(file for file in place.folder.rglob(".part-*"))]
    return ("left behind", str(left)) if left else (str(process.returncode), printed)


def try_moments(name, arguments, moments, folder, random):
    """Counter of endings."""
    found = Counter()
    began = time.monotonic()
    first, printed = once(Place(folder / f"{name}-whole"), arguments, 20 if name == "view" else None)
    takes = time.monotonic() - began
    if first not in GOOD:
        print(f"{name}, whole: {first}\n{printed}", file=sys.stderr, flush=True)
    for n in range(moments):
        ending, printed = once(Place(folder / f"{name}-{n}"), arguments, random.uniform(0, takes))
        found[ending] += 1
        if ending not in GOOD:
            print(f"{name}, moment {n}: {ending}\n{printed}", file=sys.stderr, flush=True)
    return found


def main():
    options = parsed(__doc__, NAMES, moments=50)
    bad = False
    with tempfile.TemporaryDirectory() as folder:
        print(f"| command | {' | '.join(ENDINGS)} |\n{'|---' * (len(ENDINGS) + 1)}|")
        for name, arguments in commands(Path(folder)).items():
            if options.only in (None, name):
                found = try_moments(name, arguments, options.moments, Path(folder), np.random.default_rng(options.seed))
                print(f"| {name} | {' | '.join(str(found[ending]) for ending in ENDINGS)} |", flush=True)
                bad = bad or any(found[ending] for ending in ENDINGS if ending not in GOOD)
    sys.exit(bad)


if __name__ == "__main__":
    main()
