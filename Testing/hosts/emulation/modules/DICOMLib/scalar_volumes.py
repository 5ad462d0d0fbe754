"""Stand-in for Slicer's reader of DICOM volumes, by what Modules/Scripted/DICOMPlugins/DICOMScalarVolumePlugin.py does.

A series is offered whole, and in parts where acquisition numbers or image types differ; GDCM reads the voxels. A PET has no units. The item
in subject hierarchy stands under its study and its patient (DICOMPlugin.addSeriesInSubjectHierarchy), and the volume comes into all views.
"""

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from .DICOMPlugin import DICOMLoadable, DICOMPlugin

PARTS = {"acquisitionNumber": "0020,0012", "imageType": "0008,0008"}
PATIENT = {"PatientName": "0010,0010", "PatientID": "0010,0020", "PatientSex": "0010,0040", "PatientBirthDate": "0010,0030"}
STUDY = {"StudyDescription": "0008,1030", "StudyInstanceUID": "0020,000D", "StudyID": "0020,0010", "StudyDate": "0008,0020"}
SERIES = {"Modality": "0008,0060", "SeriesNumber": "0020,0011", "FrameOfReferenceUID": "0020,0052", "SeriesDescription": "0008,103E"}


class DICOMScalarVolumePlugin(DICOMPlugin):
    def examineForImport(self, fileLists):
        return [loadable for files in fileLists for loadable in self._offers(files)]

    def load(self, loadable):
        image = sitk.ReadImage(loadable.files if len(loadable.files) > 1 else loadable.files[0])
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(loadable.name))
        array = sitk.GetArrayFromImage(image)
        data = vtk.vtkImageData()
        data.SetDimensions(array.shape[::-1])
        data.GetPointData().SetScalars(numpy_to_vtk(array.ravel(), deep=True))
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
        matrix[:3, 3] = image.GetOrigin()
        placed = vtk.vtkMatrix4x4()
        placed.DeepCopy((np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix).ravel().tolist())
        node.SetIJKToRASMatrix(placed)
        node.SetAndObserveImageData(data)
        node.CreateDefaultDisplayNodes()
        self._into_hierarchy(node, loadable)
        uids = " ".join(slicer.dicomDatabase.fileValue(file, "0008,0018") for file in loadable.files)
        node.SetAttribute("DICOM.instanceUIDs", uids)
        slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(node.GetID())
        slicer.app.applicationLogic().PropagateVolumeSelection()
        if slicer.dicomDatabase.fileValue(loadable.files[0], SERIES["Modality"]) == "CT":
            units = slicer.vtkCodedEntry()
            units.SetValueSchemeMeaning("[hnsf'U]", "UCUM", "Hounsfield unit")
            node.SetVoxelValueUnits(units)
        return node

    def _offers(self, files):
        of_file, whole = slicer.dicomDatabase.fileValue, DICOMLoadable()
        whole.name = f"{of_file(files[0], SERIES['SeriesNumber'])}: {of_file(files[0], SERIES['SeriesDescription']) or 'Unnamed Series'}"
        whole.files, whole.selected, found = _sorted(files), True, [whole]
        for name, tag in PARTS.items():
            values = {of_file(file, tag): [] for file in files}
            for file in files:
                values[of_file(file, tag)].append(file)
            for value in values if len(values) > 1 else ():
                part = DICOMLoadable()
                part.name, part.files, part.confidence = f"{whole.name} - {name} {value}", _sorted(values[value]), 0.45
                found.append(part)
        return found

    def _into_hierarchy(self, node, loadable):
        def describe(item, tags):
            for name, tag in tags.items():
                hierarchy.SetItemAttribute(item, f"DICOM.{name}", of_file(loadable.files[0], tag))

        of_file, names = slicer.dicomDatabase.fileValue, slicer.vtkMRMLSubjectHierarchyConstants
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        hierarchy.SetItemUID(item, names.GetDICOMUIDName(), of_file(loadable.files[0], "0020,000E"))
        hierarchy.SetItemUID(item, names.GetDICOMInstanceUIDName(), " ".join(of_file(file, "0008,0018") for file in loadable.files))
        describe(item, SERIES)
        above = hierarchy.GetSceneItemID()
        for uid, make, tags in (("PatientID", "CreateSubjectItem", PATIENT), ("StudyInstanceUID", "CreateStudyItem", STUDY)):
            value = of_file(loadable.files[0], tags[uid])
            found = hierarchy.GetItemByUID(names.GetDICOMUIDName(), value)
            if not found:
                found = getattr(hierarchy, make)(above, of_file(loadable.files[0], next(iter(tags.values()))))
                hierarchy.SetItemUID(found, names.GetDICOMUIDName(), value)
                describe(found, tags)
            above = found
        hierarchy.SetItemParent(item, above)


def _sorted(files):
    """Along the normal of the slices (DICOMUtils.getSortedImageFiles)."""

    def place(file):
        value = slicer.dicomDatabase.fileValue
        position, orientation = value(file, "0020,0032"), value(file, "0020,0037")
        if not position or not orientation:
            return 0.0
        turned = np.array(orientation.split("\\"), float)
        return float(np.dot(np.cross(turned[:3], turned[3:]), np.array(position.split("\\"), float)))

    return sorted(files, key=place)
