"""Stand-in for the Sample Data module: remembers what is registered."""

import slicer


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataSource(*, category, sampleName, customDownloader, thumbnailFileName, **_):
        sources = slicer.modules.__dict__.setdefault("sampleDataSources", {})
        sources.setdefault(category, {})[sampleName] = (customDownloader, thumbnailFileName)
