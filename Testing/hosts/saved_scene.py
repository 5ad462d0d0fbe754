"""A scene on disk, as Slicer's File menu saves it."""

_SUFFIXES = {"vtkMRMLVolumeNode": ".nrrd", "vtkMRMLTableNode": ".tsv", "vtkMRMLSegmentationNode": ".seg.nrrd"}


def save(scene, folder):
    """Writes scene.mrml and a file for each volume, table and segmentation."""
    scene.SetURL(str(folder / "scene.mrml"))
    scene.SetRootDirectory(str(folder))
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")):
        node = scene.GetNthNodeByClass(n, "vtkMRMLStorableNode")
        suffix = next((suffix for kind, suffix in _SUFFIXES.items() if node.IsA(kind)), "")
        if node.GetSaveWithScene() and suffix:
            node.AddDefaultStorageNode()
            node.GetStorageNode().SetFileName(str(folder / f"{node.GetID()}{suffix}"))
            assert node.GetStorageNode().WriteData(node)
    scene.Commit()
