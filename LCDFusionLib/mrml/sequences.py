"""Volumes of a Sequences browser (gated, dynamic): what a node holds is the frame that is on show."""

from __future__ import annotations

import slicer


def frame_text(node: slicer.vtkMRMLNode) -> str:
    """Which frame of its sequence a node shows now, such as "frame 3 of 8 (time 120 s)"; "" where it is no browser's."""
    scene = node.GetScene()
    count = scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode") if scene is not None else 0
    for browser in (scene.GetNthNodeByClass(n, "vtkMRMLSequenceBrowserNode") for n in range(count)):
        sequence, master, number = browser.GetSequenceNode(node), browser.GetMasterSequenceNode(), browser.GetSelectedItemNumber()
        if sequence is None or master is None or not 0 <= number < browser.GetNumberOfItems():
            continue
        value = " ".join(filter(None, (master.GetIndexName(), master.GetNthIndexValue(number), master.GetIndexUnit())))
        return f"frame {number + 1} of {browser.GetNumberOfItems()}" + (f" ({value})" if value else "")
    return ""
