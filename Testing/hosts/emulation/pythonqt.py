"""PythonQt's manners on PySide6: properties are attributes, signals are connected by their C++ signature, objects have a name."""

import types

from PySide6 import QtCore, QtGui, QtWidgets

from . import contract

# In PythonQt the first are called, or are static methods as well; the last two are virtual, and an attribute would override them.
_METHODS_TOO = {"layout", "parent", "children", "singleShot", "sizeHint", "minimumSizeHint"}


def adopt():
    """Gives PySide6's classes PythonQt's manners, once a process; what used to be called (`label.text()`) is an attribute afterwards."""
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            cls = getattr(module, name)
            if isinstance(cls, type) and issubclass(cls, QtCore.QObject) and not issubclass(cls, QtCore.QCoreApplication):
                properties_as_attributes(cls)
    QtCore.QObject.__getattribute__ = _getattribute
    QtCore.QObject.name = property(
        lambda self: QtCore.QObject.property(self, "objectName"), lambda self, value: QtCore.QObject.setProperty(self, "objectName", value)
    )
    QtCore.QObject.className = lambda self: self.metaObject().className()
    QtCore.QTimer.singleShot = staticmethod(_single_shot)  # PySide's own calls `connect`, its own way


def properties_as_attributes(cls):
    """The Q_PROPERTYs of a class as Python properties; a value of a wrong kind is an error, as in PythonQt."""
    meta = cls.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if name not in _METHODS_TOO:
            setattr(cls, name, property(_getter(name), _setter(name)))


def _getter(name):
    return lambda self: QtCore.QObject.property(self, name)


def _setter(name):
    def write(self, value):
        if not QtCore.QObject.setProperty(self, name, value):
            raise TypeError(f"{type(self).__name__}.{name} = {value!r}")

    return write


def _single_shot(milliseconds, slot):
    timer = QtCore.QTimer(QtCore.QCoreApplication.instance())
    timer.setSingleShot(True)
    timer.timeout.connect(slot)
    timer.timeout.connect(timer.deleteLater)
    timer.start(milliseconds)


def _connect(self, signal, *receiver):
    slot = receiver[0] if len(receiver) == 1 else getattr(receiver[0], receiver[1].split("(")[0])
    _signal(self, signal).connect(slot)
    return True


def _disconnect(self, signal, *receiver):
    slot = receiver[0] if len(receiver) == 1 else getattr(receiver[0], receiver[1].split("(")[0])
    _signal(self, signal).disconnect(slot)
    return True


def _signal(self, signature):
    """A signal by its C++ signature; one that Slicer does not have is an error."""
    class_name = contract.class_name_of(type(self))
    if class_name is not None:
        contract.current.require_signal(class_name, signature)
    return getattr(self, signature.partition("(")[0])


_original = QtCore.QObject.__getattribute__


def _getattribute(self, name):
    # `connect` and `disconnect` cannot be replaced as ordinary attributes: PySide looks for them below Python's classes.
    if name == "connect":
        return types.MethodType(_connect, self)
    if name == "disconnect":
        return types.MethodType(_disconnect, self)
    value = _original(self, name)
    return contract.checked(self, name, value) if contract.asks(name) else value
