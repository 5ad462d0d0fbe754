"""How long the main thread is held by what a person does in the panel: this build beside an older one, in one run.

    main_thread.py [--slices 300] [--before COMMIT] [--profile FOLDER]

Each step is clicked in a process of its own build and waited for as Slicer's event loop waits. The CPU time of the main thread is taken
from one round of events to the next, also of those rounds that a click makes itself while it shows a bar: the longest is how long the
window stood still, the sum what the step cost. CPU time, because another program's load is not the module's fault; still, read it as a
comparison.
"""

import argparse
import cProfile
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BEFORE = "f84a4ef"
"""The builds that the first columns of docs/performance.md are of wait in today's emulation for timers as it had them then."""
MOST_S = 600
"""Of one step; what takes longer has failed without a word."""


def main():
    """Measures both builds and prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, default=300, help="of CT (512x512) and PET (200x200)")
    parser.add_argument("--before", default=BEFORE, help="commit of the older build")
    parser.add_argument("--profile", type=Path, help="folder for what cProfile says of each step of this build; it makes Python slower")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print("RESULT", json.dumps(measure(options.measure, options.slices, options.profile)))
        return
    with tempfile.TemporaryDirectory() as folder:
        older = Path(folder) / "before"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", older, options.before], cwd=PROJECT, check=True)
        try:
            tables = [run(older, options.slices), run(PROJECT, options.slices, options.profile)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", older], cwd=PROJECT, check=False)
    print(f"\nCPU seconds of the main thread, CT 512x512x{options.slices}, PET 200x200x{options.slices}: longest call (sum)\n")
    print(f"{'step':32}{'before':>18}{'now':>18}")
    for step in tables[0]:
        cells = [f"{table[step][0]:.2f} ({table[step][1]:.2f})" if step in table else "-" for table in tables]
        print(f"{step:32}{cells[0]:>18}{cells[1]:>18}")


def run(build, slices, profile=None):
    """The longest call and the sum of each step of a build."""
    quick = Path(build) / "build" / "quick"  # what Slicer's Python is called, first in the path
    quick.mkdir(parents=True, exist_ok=True)
    (quick / "PythonSlicer").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("quick_worker.py")}" "$@"\n')
    (quick / "PythonSlicer").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{quick}:{os.environ['PATH']}",
        "PYTHONPATH": f"{build}:{build / 'Testing' / 'hosts'}",
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, __file__, "--measure", build, "--slices", str(slices)]
    command += ["--profile", profile.absolute()] if profile else []
    ran = subprocess.run(command, cwd=build, env=environment, capture_output=True, text=True)
    for line in ran.stdout.splitlines():
        if line.startswith("RESULT"):
            return json.loads(line.removeprefix("RESULT"))
    raise RuntimeError(ran.stdout + ran.stderr)


class Watch:
    """Clicks and waits, and knows how long the main thread was held meanwhile."""

    def __init__(self, profile):
        self.table, self.profile = {}, profile

    def step(self, name, click, until=lambda: True):
        """Does one thing and waits for its end."""
        import time

        import slicer

        longest = total = last = 0.0
        application = type(slicer.app)
        process = application.processEvents
        end, profiler = time.monotonic() + MOST_S, cProfile.Profile(time.thread_time)

        def mark():
            nonlocal longest, total, last
            took, last = time.thread_time() - last, time.thread_time()
            longest, total = max(longest, took), total + took

        def events(app, *given):
            mark()  # the end of what went before
            process(app, *given)
            mark()

        def held(call):
            nonlocal last
            last = time.thread_time()
            if self.profile is None:
                call()
            else:
                profiler.runcall(call)
            mark()

        application.processEvents = events
        held(click)
        while not until():
            assert time.monotonic() < end, f"'{name}' does not end"
            held(slicer.app.processEvents)
            time.sleep(0.002)
        for _ in range(10):
            held(slicer.app.processEvents)
        application.processEvents = process
        self.table[name] = (longest, total)
        print(f"{name}: {longest:.2f} ({total:.2f})", file=sys.stderr, flush=True)
        if self.profile is not None:
            self.profile.mkdir(parents=True, exist_ok=True)
            profiler.dump_stats(self.profile / f"{name}.prof")


def measure(build, slices, profile):
    """Goes through a case of the given size."""
    from emulation import host

    host.start()
    import slicer

    watch, module = Watch(profile), host.Module(build / "LCDFusion" / "LCDFusion.py")
    panel = module.open()
    ui = panel.ui
    with tempfile.TemporaryDirectory() as folder:
        anatomy, function = load(build, Path(folder), slices)
        watch.step("choosing CT and PET", lambda: choose(panel, anatomy, function), lambda: ui.previewButton.enabled)
        panel.parameters.exportFolder = Path(folder) / "out"
        (Path(folder) / "out").mkdir()
        watch.step("click on Fuse", ui.fuseButton.click, lambda: "done" in ui.statusLabel.text or panel.parameters.fusedColor is not None)
        watch.step("slices come", lambda: None, lambda: panel.parameters.fusedColor is not None)
        steps = {
            "DICOM export": ui.dicomFolderButton,
            "NRRD export": ui.nrrdButton,
            "NIfTI export": ui.niftiButton,
            "one PNG": ui.picturesButton,
        }
        ui.readingButton.click()
        for name, button in steps.items():
            ui.exportLabel.text = ""
            watch.step(name, button.click, lambda: ui.exportLabel.text.startswith("Written"))
    module.close()
    slicer.mrmlScene.Clear(0)
    watch.step("sample data, thorax", lambda: sample_data(module))
    return watch.table


def sample_data(module):
    """As a click in the Sample Data module."""
    import slicer

    if hasattr(module.python, "loadThorax"):  # builds until November 2026
        module.python.loadThorax()
        return
    slicer.app.startupCompleted.emit()
    source = next(each for each in slicer.modules.sampleDataSources["LCDFusion"] if each.sampleName == "LCDFusionThorax")
    source.customDownloader(source)


def choose(panel, anatomy, function):
    """As the person does in both selectors."""
    panel.parameters.anatomy, panel.parameters.function = anatomy, function


def load(build, folder, slices):
    """CT and PET as Slicer's DICOM module loads them: Bq/ml, instance UIDs, files in the database."""
    from datetime import datetime, timedelta

    import numpy as np
    import slicer
    from pydicom.uid import generate_uid

    from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, read_folder, write_original_series
    from LCDFusionLib.images.volume import Modality, Unit, Volume

    if (build / "LCDFusionLib" / "mrml").is_dir():  # not by trying: an editable installation answers for the other build
        from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume
    else:  # builds until November 2026
        from LCDFusionLib.scene.nodes import hierarchy_item, node_from_volume

    rng, scanned = np.random.default_rng(1), datetime(2025, 3, 14, 10, 30)
    ct = Volume(
        rng.integers(-1000, 1000, (slices, 512, 512), np.int16),
        np.diag([-0.8, -0.8, 2.0, 1.0]),
        Modality.CT,
        Unit.HU,
        "CT",
        "2.25.770077007700770077",
    )
    pet = Volume(
        rng.random((slices, 200, 200), np.float32) * 5,
        np.diag([-2.0, -2.0, 2.0, 1.0]),
        Modality.PET,
        Unit.SUVBW,
        "PET",
        "2.25.770077007700770077",
    )
    common = {"patient": Patient(name="A^B", id="1", weight_kg=74.0, size_m=1.75), "acquired": scanned, "body_part": "CHEST"}
    common["study"] = Study(uid=generate_uid(), started=scanned, description="")
    fdg = Radiopharmaceutical(injected=scanned - timedelta(minutes=50), dose_bq=296e6)
    folders = [
        write_original_series(ct, folder / "CT", series_number=1, **common),
        write_original_series(pet, folder / "PET", series_number=2, radiopharmaceutical=fdg, **common),
    ]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "A^B"), "PET/CT")
    nodes = []
    for place in folders:
        volume, source = read_folder(place)
        if source.suv is not None:
            volume = volume.with_array((volume.array / source.suv.factor).astype(np.float32), unit=Unit.BQML)
        else:
            volume = volume.with_array(volume.array.astype(np.int16))
        node = node_from_volume(slicer.mrmlScene, volume)
        hierarchy.SetItemParent(hierarchy_item(node), study)
        uids = " ".join(str(header.SOPInstanceUID) for header in source.headers)
        hierarchy.SetItemUID(hierarchy_item(node), slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName(), uids)
        slicer.dicomDatabase.add(source.files)
        nodes.append(node)
    return nodes


if __name__ == "__main__":
    main()
