"""SUV beside two references from outside: the IBSI's digital reference objects, and OHIF's calculate-suv."""

import json
import shutil
import subprocess

import classic_pet
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.config import disable_value_validation

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.dicom.suv import NoSUVError, suv_of
from LCDFusionLib.images.volume import Unit
from Testing.clients.npm_clients import place

MINIMUM, MEDIAN, MAXIMUM = 0.20, 1.00, 4.00
STORED = {
    # Weight, size and sex of the objects, by the formulas that PS3.16 CID 85 names: SUVbw is the stored value times weight over these.
    "DRO_2_1": (Unit.SUVLBM, 1.10 * 70 - 128 * (70 / 175) ** 2),  # James, 128
    "DRO_2_2": (Unit.SUVIBW, np.mean([48.0 + 1.06 * (175 - 152), 45.5 + 0.91 * (175 - 152)])),  # sex O: the IBSI takes the mean
    "DRO_2_3": (Unit.SUVBSA, 0.007184 * 175**0.725 * 70**0.425 * 10),  # Du Bois; m2 per kg to cm2 per g
}


def objects():
    return [f"DRO_{group}_{one}" for group, count in enumerate((1, 1, 6, 5, 3, 1)) for one in range(count)]


@pytest.fixture(scope="module")
def ibsi(shared_data):
    folder = shared_data / "ibsi-suv"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: the IBSI's reference objects for SUV")
    return folder


@pytest.mark.parametrize("name", [name for name in objects() if name != "DRO_3_0"])
def test_ibsi(ibsi, name):
    """Inside the mask the minimum is 0.20, the median 1.00, the maximum 4.00; to the two digits that the IBSI asks for."""
    volume, source = read_folder(ibsi / name / "PT")
    inside = volume.array[sitk.GetArrayFromImage(sitk.ReadImage(str(ibsi / name / "mask" / "DRO_mask.nii.gz"))) > 0].astype(float)
    unit, body = STORED.get(name, (Unit.SUVBW, 70.0))
    assert volume.unit is unit
    to_suvbw = 70.0 / body
    found = np.array([inside.min(), np.median(inside), inside.max()]) * to_suvbw
    # The objects with SUV of another kind cut it to whole steps of Rescale Slope, coarser than the two digits.
    step = float(source.headers[0].RescaleSlope) * to_suvbw if name in STORED else 0.0
    np.testing.assert_allclose(found, [MINIMUM, MEDIAN, MAXIMUM], atol=5e-3 + step)


def test_ibsi_dose_in_mbq(ibsi):
    """The IBSI reads a small dose as MBq; it may be mCi or uCi as well, so it is refused, and goes on as relative."""
    with pytest.raises(NoSUVError, match=r"Radionuclide Total Dose \(0018,1074\) is 368\.08, which cannot be in Bq"):
        read_folder(ibsi / "DRO_3_0" / "PT")
    volume, _ = read_folder(ibsi / "DRO_3_0" / "PT", relative=True)
    assert volume.unit is Unit.RELATIVE


@pytest.fixture(scope="module")
def calculate_suv():
    """OHIF's own calculation: from the headers of a series to SUVbw per value."""
    package = place("@cornerstonejs/calculate-suv")
    if shutil.which("node") is None or not package.is_dir():
        pytest.skip("node is not installed, or npm did not fetch OHIF's calculate-suv (python -m Testing.clients.npm_clients)")
    script = (
        f"const {{ calculateSUVScalingFactors }} = require({json.dumps(str(package))});"
        "const series = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(calculateSUVScalingFactors(series).map(found => found.suvbw)));"
    )

    def ask(headers):
        given = json.dumps([_as_ohif(header) for header in headers])
        found = subprocess.run(["node", "-e", script], input=given, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(found.stdout.splitlines()[-1])

    return ask


def _as_ohif(header):
    """What calculate-suv asks for, as plain values."""
    tracer = header.RadiopharmaceuticalInformationSequence[0]
    numbers = ("PatientWeight", "PatientSize", "FrameReferenceTime", "ActualFrameDuration")
    texts = ("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "Units", "DecayCorrection", "PatientSex")
    instance = {keyword: float(header.get(keyword)) for keyword in numbers if header.get(keyword) is not None}
    instance |= {keyword: str(header.get(keyword)) for keyword in texts if header.get(keyword)}
    instance |= {"CorrectedImage": list(header.CorrectedImage)}
    instance |= {keyword: float(tracer.get(keyword)) for keyword in ("RadionuclideTotalDose", "RadionuclideHalfLife")}
    for keyword in ("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"):
        if tracer.get(keyword):
            instance[keyword] = str(tracer.get(keyword))
    if "GEMS_PETD_01" in header.private_creators(0x0009) and 0x0D in (block := header.private_block(0x0009, "GEMS_PETD_01")):
        instance["GEPrivatePostInjectionDateTime"] = str(block[0x0D].value)
    if "Philips PET Private Group" in header.private_creators(0x7053):
        block = header.private_block(0x7053, "Philips PET Private Group")
        instance["PhilipsPETPrivateGroup"] = {
            name: float(block[offset].value)
            for offset, name in ((0x00, "SUVScaleFactor"), (0x09, "ActivityConcentrationScaleFactor"))
            if offset in block
        }
    return instance


def _nothing(header, tracer, index):
    pass


def _beds(header, tracer, index):
    header.AcquisitionTime = f"10{3 * (index // 2):02d}00"


def _made_later(header, tracer, index):
    header.SeriesTime = "104500"


def _ge(header, tracer, index):
    header.SeriesTime = "104500"
    header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250314095800.00")


def _day_before(header, tracer, index):
    header.SeriesTime = header.AcquisitionTime = "002000"
    tracer.RadiopharmaceuticalStartDateTime = "20250313232000"
    del tracer.RadiopharmaceuticalStartTime


def _philips_activity(header, tracer, index):
    header.Units = "CNTS"
    header.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x09, "DS", "1.75")


def _philips_suv(header, tracer, index):
    header.Units = "CNTS"
    header.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.00032")


@pytest.mark.parametrize("change", [_nothing, _beds, _made_later, _ge, _day_before, _philips_activity, _philips_suv])
def test_equals_ohif(calculate_suv, change):
    headers = classic_pet.headers()
    for index, header in enumerate(headers):
        change(header, header.RadiopharmaceuticalInformationSequence[0], index)
    ours = suv_of(headers, name="PET").factor
    assert calculate_suv(headers) == pytest.approx([ours] * len(headers), rel=1e-9)


def test_equals_ohif_on_a_real_scan(calculate_suv, shared_data):
    folder = shared_data / "dicom" / "STS_001_raw" / "PET_BQML"
    with disable_value_validation():
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.iterdir())[::16]]
        assert calculate_suv(headers) == pytest.approx([suv_of(headers, name="PET").factor] * len(headers), rel=1e-9)
