"""The README's two pictures of the module: the whole thorax phantom, fused, read at its hottest lesion.

    python -m Testing.hosts.readme_pictures

writes Resources/Screenshots/slicer-views.png and slicer-panel.png.
"""

import sys

import numpy as np
from PIL import Image

from Testing.hosts.conftest import MODULE, PROJECT, Panel

sys.path.insert(0, str(MODULE.parents[1] / "Testing" / "hosts"))  # the emulation, as pytest finds it


def main():
    """Fuses the phantom in the panel, as a reader does, and saves what stands there."""
    from emulation import host

    host.start()
    import slicer

    from LCDFusionLib.mrml.nodes import node_from_volume
    from Testing.kept_phantoms import thorax

    phantom = thorax()
    for volume in (phantom.anatomy, phantom.function):
        node_from_volume(slicer.mrmlScene, volume)
    module = host.Module(MODULE)
    panel = Panel(host, module)
    panel.read()
    panel.ui.readingButton.click()
    panel.fuse()
    lesion = max(phantom.lesions, key=lambda lesion: lesion.suv)
    place = np.array(lesion.centre) * [-1, -1, 1]
    slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode").SetCrosshairRAS(*place)
    panel.widget.panel.views.jump(tuple(place))
    panel.ui.isocontourButton.click()
    panel.settle()
    folder = PROJECT / "Resources" / "Screenshots"
    Image.fromarray(panel.layout_manager.picture()).save(folder / "slicer-views.png")
    module.widget.grab().save(str(folder / "slicer-panel.png"))
    module.close()


if __name__ == "__main__":
    main()
