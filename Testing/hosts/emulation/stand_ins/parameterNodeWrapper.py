"""Stand-in for slicer.parameterNodeWrapper: typed parameters in a real MRML node, bound to widgets by their SlicerParameterName."""

import enum
import json
import pathlib
import typing
from dataclasses import dataclass

import ctk
import qt
import slicer
import vtk


@dataclass(frozen=True)
class WithinRange:
    minimum: float
    maximum: float


def parameterNodeWrapper(cls):
    """Class decorator."""
    parameters = {}
    for name, hint in typing.get_type_hints(cls, include_extras=True).items():
        kind, *annotations = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint,)
        parameters[name] = _Parameter(name, kind, getattr(cls, name, _no_default(kind)), annotations)
    for name, parameter in parameters.items():
        setattr(cls, name, property(parameter.read, parameter.write))
    cls._parameters = parameters
    for method in ("connectGui", "disconnectGui", "AddObserver", "RemoveObserver", "StartModify", "EndModify", "Modified"):
        setattr(cls, method, globals()[f"_{method}"])
    cls.__init__ = _init
    return cls


class _Parameter:
    def __init__(self, name, kind, default, annotations):
        self.name, self.kind, self.default = name, kind, default
        self.limits = next((each for each in annotations if isinstance(each, WithinRange)), None)
        self.is_node = isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)

    def read(self, wrapper):
        node = wrapper.parameterNode
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if issubclass(typing.get_origin(self.kind) or self.kind, list):
            return json.loads(text)
        if issubclass(self.kind, enum.Enum):
            return self.kind[text]
        return text == "True" if self.kind is bool else self.kind(text)

    def write(self, wrapper, value):
        node = wrapper.parameterNode
        if self.is_node:
            if value is not None and not isinstance(value, self.kind):
                raise TypeError(f"{self.name} must be a {self.kind.__name__}, not {type(value).__name__}")
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
            return
        if typing.get_origin(self.kind) is list:
            text = json.dumps(list(value))
        elif isinstance(value, enum.Enum):
            text = value.name
        else:
            text = str(value)
        if self.limits is not None and not self.limits.minimum <= value <= self.limits.maximum:
            raise ValueError(f"{self.name} must be from {self.limits.minimum} to {self.limits.maximum}, not {value}")
        node.SetParameter(self.name, text)


def _no_default(kind):
    return [] if typing.get_origin(kind) is list else None


def _init(self, parameterNode):
    self.parameterNode, self._guis, self._updating = parameterNode, {}, False
    for name, parameter in self._parameters.items():
        if not parameter.is_node and not parameterNode.GetParameter(name):
            parameter.write(self, parameter.default)


def _connectGui(self, ui):
    bound = {}
    for widget in list(ui.__dict__.values()):
        name = widget.property("SlicerParameterName")
        if name:
            bound[name] = _binding(widget, self._parameters[name])
    undo = []
    for name, (read, write, signal) in bound.items():
        write(getattr(self, name))

        def changed(*_, name=name, read=read):
            if not self._updating:
                with slicer.util.NodeModify(self):
                    setattr(self, name, read())

        signal.connect(changed)
        undo.append((signal, changed))

    def update(*_):
        if not self._updating:
            self._updating = True
            try:
                for name, (_read, write, _signal) in bound.items():
                    write(getattr(self, name))
            finally:
                self._updating = False

    tag = self.AddObserver(vtk.vtkCommand.ModifiedEvent, update)
    self._guis[tag] = undo
    return tag


def _disconnectGui(self, tag):
    for signal, changed in self._guis.pop(tag, []):
        signal.disconnect(changed)
    self.RemoveObserver(tag)


def _binding(widget, parameter):
    """(read, write, changed signal); a pair that Slicer's wrapper cannot bind is an error."""
    kind = parameter.kind
    if type(widget) is slicer.qMRMLNodeComboBox and parameter.is_node:
        widget.nodeTypes = [kind().GetClassName()]  # an abstract class is an error in Slicer too
        return widget.currentNode, widget.setCurrentNode, widget.currentNodeChanged
    if type(widget) is qt.QCheckBox and kind is bool:
        return lambda: widget.checked, lambda value: setattr(widget, "checked", value), widget.stateChanged
    if type(widget) is qt.QSpinBox and kind is int:
        widget.setRange(parameter.limits.minimum, parameter.limits.maximum)
        return lambda: widget.value, lambda value: setattr(widget, "value", value), widget.valueChanged
    if type(widget) in (qt.QDoubleSpinBox, ctk.ctkSliderWidget) and kind is float:
        widget.minimum, widget.maximum = float(parameter.limits.minimum), float(parameter.limits.maximum)
        return lambda: widget.value, lambda value: setattr(widget, "value", value), widget.valueChanged
    if type(widget) is ctk.ctkDirectoryButton and kind is pathlib.Path:
        return lambda: kind(widget.directory), lambda value: setattr(widget, "directory", str(value)), widget.directoryChanged
    if type(widget) is qt.QComboBox and issubclass(kind, enum.Enum):
        members = list(kind)
        widget.clear()
        for member in members:
            widget.addItem(kind.label(member) if hasattr(kind, "label") else member.name)
        return (
            lambda: members[widget.currentIndex],
            lambda value: setattr(widget, "currentIndex", members.index(value)),
            widget.currentIndexChanged,
        )
    raise RuntimeError(f"no way to bind '{parameter.name}' to {type(widget).__name__} '{widget.name}'")


def _AddObserver(self, event, callback, priority=0.0):
    return self.parameterNode.AddObserver(event, callback, priority)


def _RemoveObserver(self, tag):
    self.parameterNode.RemoveObserver(tag)


def _StartModify(self):
    return self.parameterNode.StartModify()


def _EndModify(self, wasModified):
    self.parameterNode.EndModify(wasModified)


def _Modified(self):
    self.parameterNode.Modified()
