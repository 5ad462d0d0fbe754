"""What a person always chooses the same way: kept in Slicer's user settings, for the next scene and the next day."""

from pathlib import Path

import slicer

NAMES = ("exportFolder", "arrangement", "device", "table")
"""Parameters that are remembered; all others belong to the pair."""


def restore(parameters):
    """Puts what was chosen before into the parameters of a new scene, but for what is of no use any more, such as a folder that is gone."""
    settings = slicer.app.userSettings()
    for name in NAMES:
        stored = settings.value(_key(name))
        if not stored:
            continue
        try:
            value = type(getattr(parameters, name))(stored)
        except ValueError:
            continue
        if not isinstance(value, Path) or value.is_dir():
            setattr(parameters, name, value)


class Preferences:
    """Remembers what the person changes while a parameter node is in the panel; what a loaded scene brings along changes nothing."""

    def __init__(self, parameters):
        self._parameters, self._seen = parameters, _values(parameters)

    def keep(self):
        """To be called after a change."""
        now = _values(self._parameters)
        for name, value in now.items():
            if value != self._seen[name] and not slicer.mrmlScene.IsBatchProcessing():  # a scene that is loaded writes into the same node
                slicer.app.userSettings().setValue(_key(name), str(value))
        self._seen = now


def _values(parameters):
    """As they are stored: the value of a choice, the path of a folder."""
    return {name: str(getattr(value := getattr(parameters, name), "value", value)) for name in NAMES}


def _key(name):
    return f"LCDFusion/{name}"
