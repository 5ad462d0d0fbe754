"""Fields of a study whose series are all called alike."""

from LCDFusionLib.panel.short_titles import short_titles


def test_what_tells_series_apart_comes_first():
    titles = [f"CT IBSI chest phantom {kernel} (135 images, series {n})" for n, kernel in enumerate(("soft", "lung", "bone"), 2)]
    short = short_titles(titles)
    assert [title.split()[2] for title in short] == ["soft", "lung", "bone"]
    assert all(title.startswith("CT …") and len(title) <= 23 for title in short)


def test_one_alone_and_equal_ones_keep_both_ends():
    long = "CT CT_WHOLE_BODY_LOW_DOSE_FOR_ATTENUATION (512 images, series 3)"
    (short,) = short_titles([long])
    assert len(short) <= 23
    assert short.startswith("CT CT_WHOLE")
    assert short.endswith("series 3)")
    assert short_titles([long, long]) == [short, short]
    assert short_titles(["CT a", "MR b"]) == ["CT a", "MR b"]
    assert short_titles([]) == []
