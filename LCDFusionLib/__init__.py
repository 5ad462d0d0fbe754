"""LCDFusion: fusion of anatomy (CT, MR) and function (PET, SPECT) volumes. Not a medical device.

The rooms import one way only::

    network, images, metrics  <-  fusion  <-  scene, dicom, pacs, phantom, training  <-  hosts (desktop module, cli)
"""

__version__ = "0.1.0"

DISCLAIMER = "Research software, not a medical device: not for diagnostic use."
