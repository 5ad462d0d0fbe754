"""The one exception that the hosts show to the person at the screen."""

from __future__ import annotations


class InputError(ValueError):
    """What the user gave cannot be used.

    The message is one sentence for a radiologist: it names the input, says what is wrong and what to do. Hosts show it as it is; the
    command line ends with exit code 2.
    """
