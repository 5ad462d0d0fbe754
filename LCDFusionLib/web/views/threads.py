"""How VTK's image filters share the cores."""

from __future__ import annotations

import vtk


def use_thread_pool() -> None:
    """Lets the filters that are made from now on, in this process, work in one pool of threads.

    Left alone, each of the ten filters between a volume and a slice starts and ends threads of its own, for each slice: on two busy cores
    three quarters of the time of a step.
    """
    vtk.vtkSMPTools.SetBackend("STDThread")
    vtk.vtkThreadedImageAlgorithm.SetGlobalDefaultEnableSMP(True)
    vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)  # filters that were made before
