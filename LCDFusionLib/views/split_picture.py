"""The fused image beside the classic blend in one view, left and right of a line that the person moves."""

from __future__ import annotations

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.images.color import blend
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.images.window import Window, normalise
from LCDFusionLib.mrml.nodes import node_from_volume, set_geometry, set_voxels, volume_from_node, voxels
from LCDFusionLib.mrml.result_nodes import NOTICE_ATTRIBUTE, ResultNodes, remove_node

_LINE = (255, 255, 255)


class SplitPicture:
    """A colour volume of one slice: left of the line the blend, right of it the fused image.

    It is not for keeping: hidden from selectors, and not saved with the scene.

    Attributes:
        node: the volume; None until the first `show`.
        result: that is compared.
    """

    def __init__(
        self, anatomy: slicer.vtkMRMLVolumeNode, function: Volume, result: ResultNodes, *, padding: NDArray[np.bool_] | None = None
    ) -> None:
        """Takes what is compared.

        Args:
            anatomy: the anatomy's node.
            function: the function as it was fused.
            result: of the pair.
            padding: `Volume.padding` of the anatomy.
        """
        self._anatomy, self._function, self.result, self._padding = anatomy, function, result, padding
        self.node: slicer.vtkMRMLVectorVolumeNode | None = None
        self._key: tuple[object, ...] = ()
        self._blend: NDArray[np.uint8] | None = None

    def show(
        self, index: int, *, split: float, opacity: float, gray: bool, table: str, anatomy_window: Window, function_window: Window
    ) -> slicer.vtkMRMLVectorVolumeNode:
        """Makes the picture of a slice.

        Args:
            index: K in the fused volume, which may be a part of the anatomy.
            split: place of the line, 0 at the left edge of the stored slice, 1 at the right.
            opacity: of the function in the blend.
            gray: the fused image in gray.
            table: colours of the function.
            anatomy_window: of the blend.
            function_window: of the blend.
        """
        key = (index, opacity, table, anatomy_window, function_window)
        whole = volume_from_node(self.result.color, copy=False)
        matrix = whole.ijk_to_lps.copy()
        matrix[:, 3] = matrix @ [0, 0, index, 1]
        grid = Volume(whole.array[index : index + 1], matrix, Modality.OTHER, Unit.RELATIVE, "LCDFusion comparison")
        if key != self._key or self._blend is None:
            function = resample_onto(self._function, grid).volume
            k = self.result.slices[index]
            anatomy01 = anatomy_window.apply(voxels(self._anatomy)[k : k + 1])
            if self._padding is not None:
                anatomy01[0][self._padding[k]] = 0
            layer = function.array if function.is_color else normalise(function, function_window)
            self._blend, self._key = blend(anatomy01, layer, table, opacity=opacity)[0], key
        fused = voxels(self.result.color)[index]
        if gray:
            fused = np.repeat(np.rint(255 * voxels(self.result.gray)[index]).astype(np.uint8)[..., np.newaxis], 3, axis=-1)
        column = round(split * fused.shape[1])
        picture = np.where(np.arange(fused.shape[1])[:, np.newaxis] < column, self._blend, fused)
        picture[:, max(column - 1, 0) : column] = _LINE
        return self._put(grid.with_array(np.ascontiguousarray(picture[np.newaxis])))

    def close(self) -> None:
        """Takes the volume out of the scene."""
        if self.node is not None and self.node.GetScene() is not None:
            remove_node(self.node)
        self.node = None

    def _put(self, picture: Volume) -> slicer.vtkMRMLVectorVolumeNode:
        if self.node is None or self.node.GetScene() is None:
            self.node = node_from_volume(self._anatomy.GetScene(), picture)
            self.node.SetHideFromEditors(True)
            self.node.SetSaveWithScene(False)
            self.node.SetAttribute(NOTICE_ATTRIBUTE, "comparison")
        else:
            set_voxels(self.node, picture.array)
            set_geometry(self.node, picture)
        return self.node
