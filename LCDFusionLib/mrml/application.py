"""What MRML needs around a scene where no Slicer application runs."""

from __future__ import annotations

from dataclasses import dataclass

import slicer
import vtk


@dataclass(frozen=True)
class Application:
    """A scene and the application logic that belongs to it.

    A host with its own hands them over, ``Application(slicer.mrmlScene, slicer.app.applicationLogic())``; one without asks for `create`.
    Each `create` is a world of its own, so that two users of one process do not see each other.
    """

    scene: slicer.vtkMRMLScene
    logic: slicer.vtkSlicerApplicationLogic

    @classmethod
    def create(cls) -> Application:
        """A new empty scene with Slicer's default colours, slice orientations and crosshair."""
        scene = slicer.vtkMRMLScene()
        logic = slicer.vtkSlicerApplicationLogic()
        logic.SetMRMLScene(scene)
        logic.SetSliceLogics(vtk.vtkCollection())
        logic.SetViewLogics(vtk.vtkCollection())
        logic.GetColorLogic().SetMRMLScene(scene)
        logic.GetColorLogic().AddDefaultColorNodes()
        # vtkSlicerColorLogic would do this too, but looks for colour files in a Slicer installation and complains that there is none.
        scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)  # True: patient right is screen left
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        scene.AddNode(crosshair)
        return cls(scene, logic)
