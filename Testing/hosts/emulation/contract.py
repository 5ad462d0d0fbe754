"""Holds the module to what Slicer shows to Python: the tables in Testing/hosts/contract, one a Slicer version.

The emulation's own code and the tests may use what they like; code of the module (`LCDFusion*`) that asks for a name which a table lacks
gets an AttributeError, and a `connect` to a signal that is not there is refused: in Slicer it returns False and nothing ever happens.
`LCDFUSION_CONTRACT` names the versions to hold to, "5.10.0,main"; without it a name must be in all of them.
"""

import json
import os
import sys
import types
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "contract"
OURS = ("LCDFusion", "DICOMLCDFusion")
# Slots of PythonQt's objects themselves (src/PythonQtInstanceWrapper.cpp), and its name for objectName.
_OF_PYTHONQT = {"className", "help", "delete", "inherits", "name", "objectName", "connect", "disconnect"}


class Contract:
    """The tables that hold now."""

    def __init__(self, versions=None):
        chosen = (versions or os.environ.get("LCDFUSION_CONTRACT") or "").split(",")
        files = [TABLES / f"slicer-{version}.json" for version in chosen if version] or sorted(TABLES.glob("slicer-*.json"))
        self.tables = [json.loads(file.read_text()) for file in files]
        self._members = {}

    @property
    def versions(self):
        return [table["slicer"] for table in self.tables]

    def knows(self, class_name):
        """Whether every table has the class."""
        return all(class_name in table["classes"] for table in self.tables)

    def kind(self, class_name, name):
        """ "property", "method", "signal" or "enum" of a class or one that it derives from; None where a table lacks it."""
        kinds = [self._members_of(n, class_name).get(name) for n in range(len(self.tables))]
        if all(kinds):
            return kinds[0]
        return {"name": "property"}.get(name, "method") if name in _OF_PYTHONQT else None

    def require(self, class_name, name):
        """Raises AttributeError where a table lacks the name."""
        if self.kind(class_name, name) is None:
            raise AttributeError(f"{class_name} has no attribute named '{name}' in Slicer {' or '.join(self.versions)}")

    def require_signal(self, class_name, signature):
        """Raises ValueError where a table lacks the signal with just this signature."""
        for table in self.tables:
            known = [signal for each in _line(table, class_name) for signal in each["signals"]]
            if signature.replace(" ", "") not in [signal.replace(" ", "") for signal in known]:
                raise ValueError(f"{class_name} has no signal '{signature}' in Slicer {table['slicer']}; nothing would ever happen")

    def require_in_module(self, module, name):
        """Raises AttributeError where a table's Python module lacks the name."""
        for table in self.tables:
            if module in table["modules"] and name not in table["modules"][module]:
                raise AttributeError(f"module '{module}' has no attribute '{name}' in Slicer {table['slicer']}")

    def has_module(self, module):
        """Whether every table has a Python module."""
        return all(module in table["modules"] for table in self.tables)

    def _members_of(self, index, class_name):
        key = index, class_name
        if key not in self._members:
            found = {}
            for each in reversed(list(_line(self.tables[index], class_name))):
                found.update({signature.split("(")[0]: "method" for signature in each["methods"]})
                found.update({signature.split("(")[0]: "signal" for signature in each["signals"]})
                found.update(
                    {value: "enum" for values in each["enums"].values() for value in values} | dict.fromkeys(each["enums"], "enum")
                )
                found.update(dict.fromkeys(each["properties"], "property"))  # looked up first (PythonQtClassInfo::member)
            if class_name == "QTimer":
                found["singleShot"] = "method"  # the one property that PythonQt leaves to the static method
            self._members[key] = found
        return self._members[key]


def _line(table, class_name):
    """A class and all that it derives from."""
    while class_name in table["classes"]:
        yield table["classes"][class_name]
        class_name = table["classes"][class_name]["base"]


current = Contract()


def asks(name):
    """Whether code of the module asks for an attribute: its frame is the caller's caller, and names it.

    PySide looks for overridden virtual methods in the same way, and asks in the name of whatever code runs.
    """
    frame = sys._getframe(2)
    return frame.f_globals.get("__name__", "").startswith(OURS) and name in frame.f_code.co_names


def class_name_of(cls):
    """The class of Slicer, CTK or Qt that a class of the emulation stands for."""
    return next((each.__name__ for each in cls.__mro__ if current.knows(each.__name__)), None)


def checked(self, name, value):
    """The value of an attribute that the module asks for; an error where Slicer has none, or one of another kind."""
    class_name = class_name_of(type(self))
    if class_name is None or (name.startswith("__") and name.endswith("__")) or _is_own(type(self), self, name):
        return value
    current.require(class_name, name)
    kind = current.kind(class_name, name)
    if kind == "method" and not callable(value):
        raise AttributeError(f"{class_name}.{name} is a method in Slicer, and would be true whatever it gives: call it")
    if kind == "property" and callable(value):
        raise AttributeError(f"{class_name}.{name} is a property in Slicer, and cannot be called")
    return value


def _is_own(cls, instance, name):
    """Whether a class that the module derives from one of Qt's has given itself the name."""
    ours = [each for each in cls.__mro__ if each.__module__.startswith(OURS)]
    return bool(ours) and (any(name in vars(each) for each in ours) or name in object.__getattribute__(instance, "__dict__"))


class Contracted:
    """Base of stand-ins that are no Qt objects."""

    def __getattribute__(self, name):
        value = object.__getattribute__(self, name)
        return checked(self, name, value) if asks(name) else value

    def __setattr__(self, name, value):
        class_name = class_name_of(type(self))
        if asks(name) and current.kind(class_name, name) != "property":
            raise AttributeError(f"{class_name} has no property '{name}' in Slicer {' or '.join(current.versions)}")
        object.__setattr__(self, name, value)


class ContractedModule(types.ModuleType):
    """A Python module of Slicer, of which the module sees what the tables have."""

    def __getattribute__(self, name):
        value = super().__getattribute__(name)
        if asks(name) and not name.startswith("__"):
            module = super().__getattribute__("__name__")
            current.require_in_module(module, name)
        return value
