"""A scene on disk, as Slicer's File menu saves it."""


def save(scene, folder):
    """Writes scene.mrml and a file for each volume and table."""
    scene.SetURL(str(folder / "scene.mrml"))
    scene.SetRootDirectory(str(folder))
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")):
        node = scene.GetNthNodeByClass(n, "vtkMRMLStorableNode")
        if node.GetSaveWithScene() and (node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLTableNode")):
            node.AddDefaultStorageNode()
            suffix = ".nrrd" if node.IsA("vtkMRMLVolumeNode") else ".tsv"
            node.GetStorageNode().SetFileName(str(folder / f"{node.GetID()}{suffix}"))
            assert node.GetStorageNode().WriteData(node)
    scene.Commit()
