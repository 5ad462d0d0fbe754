"""An Enhanced PET Image as PS3.3 A.56 describes it, written from the standard's text: the scan of `classic_pet` in one object.

The dose is in MBq (C.8.22.4), units are coded (CID 84 and 85), values are corrected to Decay Correction DateTime; dciodvfy is asked whether
it is one.
"""

import numpy as np
from classic_pet import code, stored
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedPETImageStorage, ExplicitVRLittleEndian, generate_uid

FRAMES = 8


def item(**attributes):
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def units(value="Bq/ml", meaning="Becquerels/milliliter", keyword="CodeValue"):
    made = code("x", meaning, "UCUM")
    del made.CodeValue
    setattr(made, keyword, value)
    return made


def mapping(slope=0.5, coded=None, first=-32768, last=32767):
    """One item of Real World Value Mapping Sequence, for all stored values or a part of them."""
    made = item(
        LUTExplanation="activity",
        LUTLabel="PET",
        RealWorldValueIntercept=0.0,
        RealWorldValueSlope=slope,
        MeasurementUnitsCodeSequence=[coded or units()],
    )
    made.add_new(0x00409216, "SS", first)
    made.add_new(0x00409211, "SS", last)
    return made


def enhanced(mappings=None, *, dose="300", injected="20250314090000.00", corrected_to="20250314100000.00", **attributes):
    """The object; attributes given by keyword take the place of those here, None takes them out."""
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = EnhancedPETImageStorage, generate_uid()
    image.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "NONE"]
    image.InstanceCreationDate, image.InstanceCreationTime = "20250314", "104500"
    image.StudyDate = image.SeriesDate = image.ContentDate = "20250314"
    image.StudyTime = image.SeriesTime = "100000"
    image.ContentTime = "104500"
    image.AcquisitionDateTime = "20250314100000.00"
    image.AccessionNumber = image.ReferringPhysicianName = image.StudyID = image.PatientBirthDate = ""
    image.Modality, image.Manufacturer, image.ManufacturerModelName = "PT", "ACME", "PET 1"
    image.DeviceSerialNumber, image.SoftwareVersions = "1", "1"
    image.SeriesDescription = "PET enhanced"
    image.PixelPresentation, image.VolumetricProperties, image.VolumeBasedCalculationTechnique = "MONOCHROME", "VOLUME", "NONE"
    image.PatientName, image.PatientID, image.PatientSex, image.PatientWeight, image.PatientSize = "Doe^Jane", "P-1", "F", "70", "1.70"
    image.ContentQualification = "RESEARCH"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.SeriesNumber, image.InstanceNumber = generate_uid(), generate_uid(), "4", "1"
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = generate_uid(), ""
    image.SamplesPerPixel, image.PhotometricInterpretation, image.NumberOfFrames = 1, "MONOCHROME2", str(FRAMES)
    image.Rows = image.Columns = 64
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.BurnedInAnnotation, image.LossyImageCompression, image.PresentationLUTShape = "NO", "00", "IDENTITY"
    image.RadiopharmaceuticalInformationSequence = [_injection(dose, injected)]
    for keyword in ("Decay", "Attenuation", "Scatter", "Randoms", "DeadTime"):
        setattr(image, f"{keyword}Corrected", "YES")
    image.ScatterCorrectionMethod, image.RandomsCorrectionMethod = "OTHER", "DLYD"
    image.DecayCorrectionDateTime = corrected_to
    image.AcquisitionStartCondition, image.AcquisitionTerminationCondition = "MANU", "TIME"
    image.CountsSource = "EMISSION"
    image.TableMotion, image.TypeOfDetectorMotion, image.AcquisitionDuration = "STATIC", "STATIONARY", 180.0
    image.TerminationTimeThreshold, image.CoincidenceWindowWidth, image.CollimatorType = 180.0, "4", "NONE"
    image.DetectorGeometry = "CYLINDRICAL_RING"
    image.TransverseDetectorSeparation, image.AxialDetectorDimension = 4.0, 4.0
    image.EnergyWindowRangeSequence = [item(EnergyWindowLowerLimit="425", EnergyWindowUpperLimit="650")]
    image.TimeOfFlightInformationUsed = "FALSE"
    image.ViewCodeSequence = [code("62824007", "Transverse")]
    for keyword in ("GantryMotion", "PatientMotion", "CountLossNormalization", "NonUniformRadialSampling"):
        setattr(image, f"{keyword}Corrected", "NO")
    image.SensitivityCalibrated = image.DetectorNormalizationCorrection = "YES"
    image.AttenuationCorrectionSource, image.AttenuationCorrectionTemporalRelationship = "CT", "SIMULTANEOUS"
    image.AcquisitionContextSequence = []
    organisation = generate_uid()
    image.DimensionOrganizationSequence = [item(DimensionOrganizationUID=organisation)]
    image.DimensionIndexSequence = [
        item(DimensionOrganizationUID=organisation, DimensionIndexPointer=0x00209057, FunctionalGroupPointer=0x00209111)
    ]
    image.SharedFunctionalGroupsSequence = [_shared(mappings if mappings is not None else [mapping()])]
    image.PerFrameFunctionalGroupsSequence = [_frame(index) for index in range(FRAMES)]
    for keyword, value in attributes.items():
        if value is None:
            image.pop(keyword, None)
        else:
            setattr(image, keyword, value)
    return image


def write(image, folder, pixels=None):
    folder.mkdir(parents=True)
    frames = np.stack([stored(index) for index in range(FRAMES)]) if pixels is None else pixels
    image.PixelData = frames.astype(np.int16).tobytes()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.save_as(folder / "enhanced.dcm", enforce_file_format=True)
    return folder


def _injection(dose, injected):
    made = item(
        RadiopharmaceuticalAgentNumber=1,
        RadiopharmaceuticalStartDateTime=injected,
        RadionuclideTotalDose=dose,
        RadionuclideHalfLife="6586.2",
        RadionuclidePositronFraction="0.967",
        RadionuclideCodeSequence=[code("77004003", "^18^Fluorine")],
        RadiopharmaceuticalCodeSequence=[code("35321007", "Fluorodeoxyglucose F^18^")],
        AdministrationRouteCodeSequence=[code("47625008", "Intravenous route")],
    )
    return made


def _shared(mappings):
    return item(
        PixelMeasuresSequence=[item(PixelSpacing=["4", "4"], SliceThickness="4")],
        PlaneOrientationSequence=[item(ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])],
        FrameAnatomySequence=[item(FrameLaterality="U", AnatomicRegionSequence=[code("51185008", "Chest")])],
        PixelValueTransformationSequence=[item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")],
        FrameVOILUTSequence=[item(WindowCenter="5000", WindowWidth="10000")],
        RealWorldValueMappingSequence=mappings,
        RadiopharmaceuticalUsageSequence=[item(RadiopharmaceuticalAgentNumber=1)],
        PETFrameTypeSequence=[
            item(
                FrameType=["ORIGINAL", "PRIMARY", "STATIC", "NONE"],
                PixelPresentation="MONOCHROME",
                VolumetricProperties="VOLUME",
                VolumeBasedCalculationTechnique="NONE",
            )
        ],
        PETFrameAcquisitionSequence=[item(TableHeight=900.0, GantryDetectorTilt=0.0, GantryDetectorSlew=0.0, DataCollectionDiameter=700.0)],
        PETDetectorMotionDetailsSequence=[item(RotationDirection="CW", RevolutionTime=1.0)],
        PETPositionSequence=[
            item(TablePosition=0.0, DataCollectionCenterPatient=[0.0, 0.0, 14.0], ReconstructionTargetCenterPatient=[0.0, 0.0, 14.0])
        ],
        PETFrameCorrectionFactorsSequence=[
            item(
                PrimaryPromptsCountsAccumulated=1000000,
                SliceSensitivityFactor=1.0,
                DecayFactor="1.00949",
                ScatterFractionFactor="0.3",
                DeadTimeFactor="1.1",
            )
        ],
        PETReconstructionSequence=[
            item(
                ReconstructionType="3D",
                ReconstructionAlgorithm="ITERATIVE",
                IterativeReconstructionMethod="YES",
                NumberOfIterations=3,
                NumberOfSubsets=21,
                ReconstructionDiameter="256",
            )
        ],
    )


def _frame(index):
    return item(
        FrameContentSequence=[
            item(
                FrameReferenceDateTime="20250314100130.00",
                FrameAcquisitionDateTime="20250314100000.00",
                FrameAcquisitionDuration=180000.0,
                TemporalPositionIndex=1,
                DimensionIndexValues=[index + 1],
                StackID="1",
                InStackPositionNumber=index + 1,
            )
        ],
        PlanePositionSequence=[item(ImagePositionPatient=["-126", "-126", str(4 * index)])],
    )
