"""SUV of `classic_pet` with its attributes changed: the factor, or why there is none."""

import classic_pet
from classic_pet import put
from pydicom.config import disable_value_validation

from LCDFusionLib.dicom.suv import NoSUVError, suv_of


def headers_with(change=None, **attributes):
    """The headers of `classic_pet`; `Radio...` and the like are set in the radiopharmaceutical, None takes an attribute out."""
    headers = classic_pet.headers()
    with disable_value_validation():
        for index, header in enumerate(headers):
            tracer = header.RadiopharmaceuticalInformationSequence[0]
            for keyword, value in attributes.items():
                dataset = tracer if keyword.startswith("Radio") else header
                if value is None:
                    del dataset[keyword]
                else:
                    put(dataset, keyword, value)
            if change is not None:
                change(header, tracer, index)
    return headers


def suv(change=None, **attributes):
    with disable_value_validation():
        return suv_of(headers_with(change, **attributes), name="PET")


def outcome(**attributes):
    """The factor, or why there is none."""
    try:
        return suv(**attributes).factor
    except NoSUVError as error:
        return error.reason


def after(minutes):
    """SUVbw per Bq/ml where the values are those of so many minutes after the injection."""
    return 70_000 / (300e6 * 2 ** (-minutes * 60 / 6586.2))
