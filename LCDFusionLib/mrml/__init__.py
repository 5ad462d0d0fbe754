"""Slicer's MRML: volume nodes in, fused nodes out, what belongs to whom, and to files.

Needs ``slicer`` and ``vtk`` only as both the desktop and the ``slicer-core`` wheel have them: no Qt, no ``slicer.app``, no
``slicer.modules``, no ``slicer.util``. Every function works on the scene of the nodes that it is given, never on a global one.
"""
