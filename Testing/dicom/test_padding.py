"""Pixel Padding Value (0028,0120): what a scanner did not measure is black, and counts nowhere."""

import numpy as np
import pydicom
import pytest

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.dicom.padding import may_hold_padding, real_padding, same_padding
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings, FusionWorker, prepare
from LCDFusionLib.fusion.events import Finished
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import PRESETS, auto_window, normalise


def outside(shape):
    _, j, i = np.indices(shape)
    return ((j - shape[1] / 2) ** 2 + (i - shape[2] / 2) ** 2) > (min(shape[1:]) * 0.45) ** 2


@pytest.fixture
def padded(make, write_series, edit):
    """padded(modality, value, ...): a series whose corners hold a padding value, stored as `stored`."""

    def write(modality, stored, *, value=None, limit=None, shape=(4, 24, 26), name="padded", signed=False):
        folder = write_series(make(modality, shape=shape), name)
        where = outside(shape)

        def pad(dataset, index):
            pixels = dataset.pixel_array.copy()
            dataset.PixelRepresentation = int(signed)
            dataset.BitsStored, dataset.HighBit = 16, 15
            pixels[where[index]] = np.array(stored, dtype=np.int64).astype(pixels.dtype)
            dataset.PixelData = pixels.tobytes()
            dataset.add_new("PixelPaddingValue", "US", stored if value is None else value)
            if limit is not None:
                dataset.add_new("PixelPaddingRangeLimit", "US", limit)

        edit(folder, pad)
        return folder, where

    return write


@pytest.mark.parametrize("window", [PRESETS["lung"], PRESETS["mediastinum"], PRESETS["bone"]])
@pytest.mark.parametrize("stored", [63536, 0, 4095])
def test_ct_is_black_there_in_every_window(padded, window, stored):
    folder, where = padded(Modality.CT, stored)
    volume, _ = read_folder(folder)
    np.testing.assert_array_equal(volume.padding[where], True)
    assert volume.unit is Unit.HU
    assert (normalise(volume, window)[where] == 0).all()
    assert volume.array[where].max() < window.lower  # also where a viewer knows the values alone


def test_the_same_bits_with_and_without_sign(padded):
    """-2000 is written as 63536 by those who take the padding value for unsigned."""
    folder, where = padded(Modality.CT, 63536, signed=True)
    np.testing.assert_array_equal(read_folder(folder)[0].padding, where)


def test_padding_above_bits_stored(padded, edit):
    """63536 beside values of 12 bits."""
    folder, where = padded(Modality.CT, 63536)
    edit(folder, lambda dataset, _: [setattr(dataset, "BitsStored", 12), setattr(dataset, "HighBit", 11)])
    np.testing.assert_array_equal(read_folder(folder)[0].padding, where)


def test_a_range_of_padding(padded):
    folder, where = padded(Modality.CT, 60010, value=60000, limit=60020)
    np.testing.assert_array_equal(read_folder(folder)[0].padding, where)


@pytest.mark.parametrize("stored", [60000, 60020])
def test_both_ends_of_the_range_are_of_it(padded, stored):
    """PS3.3 C.7.5.1.1.2: inclusive. The next value beyond each end is measured."""
    folder, where = padded(Modality.CT, stored, value=60000, limit=60020)
    np.testing.assert_array_equal(read_folder(folder)[0].padding, where)
    for one_beyond in (59999, 60021):
        folder, _ = padded(Modality.CT, one_beyond, value=60000, limit=60020, name=f"{one_beyond}")
        assert read_folder(folder)[0].padding is None


def test_a_series_without_padding_has_none(write_series):
    assert read_folder(write_series(Modality.CT))[0].padding is None


def test_no_percentile_counts_it(padded, make, write_series):
    """An MR padded with its highest value has the window of what was measured."""
    folder, where = padded(Modality.MR, 60000)
    volume, _ = read_folder(folder)
    assert auto_window(volume).upper < 4100
    assert volume.array.max() <= 4000
    assert (normalise(volume, auto_window(volume))[where] == 0).all()


def test_pet_has_no_uptake_there(padded):
    folder, where = padded(Modality.PET, 32767)
    volume, _ = read_folder(folder)
    assert volume.array[where].max() == volume.array[~where].min()


def test_nothing_but_padding(padded, make, write_series, edit):
    folder = write_series(Modality.MR)

    def pad(dataset, index):
        dataset.PixelData = bytes(len(dataset.PixelData))
        dataset.add_new("PixelPaddingValue", "US", 0)

    edit(folder, pad)
    with pytest.raises(InputError, match=r"Every voxel of the series 'MR test' has its Pixel Padding Value \(0028,0120\)"):
        read_folder(folder)


def test_the_fused_image_and_its_metrics(padded, make):
    """Whatever was stored there, picture and metrics are the same; uptake outside the CT's round field is still seen."""
    pet = make(Modality.PET, shape=(4, 48, 50))
    results = []
    for name, stored in (("one", 63536), ("other", 4000)):
        folder, where = padded(Modality.CT, stored, shape=(4, 48, 50), name=name)
        pair = prepare(read_folder(folder)[0], pet, FusionSettings(device="cpu"))
        with FusionWorker() as worker:
            results.append(next(event.result for event in worker.run(pair) if isinstance(event, Finished)))
    assert (pair.anatomy01[where] == 0).all()
    assert results[0].color.array[where].any()
    np.testing.assert_array_equal(results[0].gray.array, results[1].gray.array)
    assert results[0].metrics == results[1].metrics
    plain = read_folder(folder)[0]
    pair = prepare(plain.with_array(plain.array, padding=None), pet, FusionSettings(device="cpu"))
    with FusionWorker() as worker:
        counted = next(event.result for event in worker.run(pair) if isinstance(event, Finished))
    assert counted.metrics[0]["SD"] != results[0].metrics[0]["SD"]


@pytest.mark.parametrize(("kind", "bits"), [("Float", 32), ("DoubleFloat", 64)])
@pytest.mark.parametrize(("value", "limit"), [(float("nan"), None), (-1e30, None), (-2e30, -1e29), (-1e30, -1e29), (-2e30, -1e30)])
def test_padding_of_float_pixels(make, write_series, edit, kind, bits, value, limit):
    """Float and Double Float Pixel Padding Value (0028,0122), (0028,0123), which may be no number."""
    folder = write_series(make(Modality.MR, shape=(4, 24, 26)))
    where = outside((4, 24, 26))

    def pad(dataset, index):
        pixels = dataset.pixel_array.astype(f"f{bits // 8}")
        pixels[where[index]] = -1e30 if limit else value
        del dataset.PixelData
        for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
            delattr(dataset, keyword)
        dataset.BitsAllocated = bits
        setattr(dataset, f"{kind}PixelData", pixels.tobytes())
        setattr(dataset, f"{kind}PixelPaddingValue", value)
        if limit is not None:
            setattr(dataset, f"{kind}PixelPaddingRangeLimit", limit)

    edit(folder, pad)
    volume, _ = read_folder(folder)
    np.testing.assert_array_equal(volume.padding, where)
    assert volume.array[where].max() == volume.array[~where].min() >= 0


@pytest.mark.parametrize("modality", [Modality.CT, Modality.PET])
def test_padding_is_found_in_what_another_reader_rescaled(padded, modality):
    """Which rescales it like a measured value: a PET by another slope in each slice, so that no real value is padding's in all of them."""
    folder, where = padded(modality, 63536)
    headers = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    rescaled = np.stack([header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept) for header in headers])
    assert same_padding(headers) == (modality is Modality.CT)
    np.testing.assert_array_equal(real_padding(rescaled, headers), where)
    np.testing.assert_array_equal(real_padding(rescaled, headers[:1])[0], where[0])
    assert real_padding(np.zeros_like(rescaled), headers) is None
    assert may_hold_padding([*folder.iterdir()])


@pytest.mark.parametrize("signed", [False, True])
def test_padding_of_signed_pixels_is_found_in_what_another_reader_rescaled(padded, signed):
    """The same bits are 63536 or -2000, and with an intercept of -1024 62512 or -3024 HU."""
    folder, where = padded(Modality.CT, 63536, signed=signed)
    header = pydicom.dcmread(folder / "0001.dcm")
    hounsfield = np.where(where[0], -3024.0 if signed else 62512.0, 40.0)
    np.testing.assert_array_equal(real_padding(hounsfield[np.newaxis], [header])[0], where[0])
    assert real_padding(np.where(where, 62512.0 if signed else -3024.0, 40.0), [header]) is None
    for measured in (hounsfield + 1000, hounsfield - 1000):
        assert real_padding(measured[np.newaxis], [header]) is None


def test_padding_is_found_where_another_reader_cut_the_bits_above_bits_stored_off(padded, edit):
    """63536 is F830 in hexadecimal; of 12 bits are left 830, which is 2096, and with an intercept of -1024 1072 HU."""
    folder, where = padded(Modality.CT, 63536)
    edit(folder, lambda dataset, _: [setattr(dataset, "BitsStored", 12), setattr(dataset, "HighBit", 11)])
    header = pydicom.dcmread(folder / "0001.dcm")
    np.testing.assert_array_equal(real_padding(np.where(where, 1072.0, 40.0), [header]), where)


def test_files_without_the_element_hold_no_padding(write_series):
    assert not may_hold_padding([*write_series(Modality.CT).iterdir()])
