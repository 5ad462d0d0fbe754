"""Reads of a C++ header what Qt's meta-object compiler would put into a class's meta object, and so what PythonQt shows to Python.

The rules are those of PythonQt (src/PythonQtClassInfo.cpp, MeVisLab/pythonqt v3.6.1 and v4.1.0): Q_PROPERTYs, public slots, Q_INVOKABLE
methods, signals, and enums that are declared to Qt; nothing else. A plain public method is not there.
"""

import re
from dataclasses import dataclass, field

_NEST = re.compile(r"[{}]")


@dataclass
class QtClass:
    """What Python sees of a class. Signatures are in Qt's normalised form, as `connect` compares them."""

    name: str
    base: str = ""
    made: bool = False
    properties: list = field(default_factory=list)
    methods: list = field(default_factory=list)
    signals: list = field(default_factory=list)
    enums: dict = field(default_factory=dict)

    def facts(self):
        """For a table."""
        return {
            "base": self.base,
            "made": self.made,
            "properties": sorted(set(self.properties)),
            "methods": sorted(set(self.methods)),
            "signals": sorted(set(self.signals)),
            "enums": {name: sorted(values) for name, values in sorted(self.enums.items())},
        }


def read_classes(text):
    """The classes of a header that have Q_OBJECT, by name."""
    text = without_comments(text)
    found = {}
    for match in re.finditer(r"\bclass\s+(?:[A-Z]\w*(?:EXPORT|_Export)\s+)?(\w+)\s*(?:final\s*)?:\s*public\s+([\w:]+)[^{;]*\{", text):
        body = _block(text, match.end())
        if re.search(r"\bQ_OBJECT\b", body):
            found[match[1]] = _read(QtClass(match[1], match[2]), body)
    return found


def read_decorators(text):
    """[(class, method signature)] that the slots of a decorator class add to other classes (PythonQt, "decorators")."""
    text, found = without_comments(text), []
    for cls in read_classes(text).values():
        for signature in cls.methods:
            name, _, arguments = signature.rstrip(")").partition("(")
            if match := re.match(r"static_(\w+?)_(\w+)$", name):
                found.append((match[1], f"{match[2]}({arguments})"))
            elif not name.startswith(("new_", "delete_")) and arguments:
                first, *rest = arguments.split(",")
                if first.endswith("*"):
                    found.append((first[:-1], f"{name}({','.join(rest)})"))
    return found


def made_classes(text):
    """Classes that a decorator lets Python make: its slots `new_Class`."""
    return set(re.findall(r"\bnew_(\w+)\s*\(", without_comments(text)))


def can_be_made(text, name):
    """Whether CTK's wrapper (CMake/ctkWrapPythonQt.py) gives a class a constructor: it takes a parent or nothing, and is not abstract."""
    text = without_comments(text)
    takes_parent = rf"[^~]\b{name}\s*\(\s*((QObject|QWidget)\s*\*\s*\w+\s*(=|,.*=.*\)|\))|\))"
    purely_virtual = r"virtual[\w\n\s*()]+=\s*(0|NULL|nullptr)\s*;"
    return "Q_OBJECT" in text and bool(re.search(takes_parent, text)) and not re.search(purely_virtual, text)


def without_comments(text):
    """A header without comments and preprocessor lines; both sides of an #if stay."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*$", "", text, flags=re.MULTILINE)


def _block(text, start):
    depth = 1
    for match in _NEST.finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[start : match.start()]
    return text[start:]


def _read(cls, body):
    for match in re.finditer(r"\bQ_PROPERTY\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)", body):
        declared = re.split(r"\b(?:READ|WRITE|MEMBER|RESET|NOTIFY|DESIGNABLE|STORED|USER|CONSTANT|FINAL|REVISION|SCRIPTABLE)\b", match[1])[
            0
        ]
        cls.properties.append(declared.split()[-1].lstrip("*&"))
    declared_enums = set(re.findall(r"\bQ_(?:ENUM|FLAG)\s*\(\s*(\w+)\s*\)", body))
    for names in re.findall(r"\bQ_(?:ENUMS|FLAGS)\s*\(([^)]*)\)", body):
        declared_enums |= set(names.split())
    for match in re.finditer(r"\benum\s+(?:class\s+)?(\w+)\s*(?::\s*\w+\s*)?\{([^}]*)\}", body):
        if match[1] in declared_enums:
            cls.enums[match[1]] = re.findall(r"(?:^|,)\s*(\w+)", match[2])
    body = re.sub(r"\bQ_PROPERTY\s*\([^()]*(?:\([^()]*\)[^()]*)*\)", "", _without_bodies(body))
    parts = re.split(r"\b(public|protected|private|signals|Q_SIGNALS)(?:\s+(slots|Q_SLOTS))?\s*:(?!:)", body)
    kind = ("private", None)
    for index, part in enumerate([parts[0], *parts[3::3]]):
        if index:
            kind = (parts[3 * index - 2], parts[3 * index - 1])
        for declaration in re.split(r"[;{}]", part):
            signatures = _signatures(declaration)
            if kind[0] in ("signals", "Q_SIGNALS"):
                cls.signals += signatures
            elif kind[0] == "public" and (kind[1] or re.search(r"\bQ_INVOKABLE\b|\bQ_SLOT\b", declaration)):
                cls.methods += signatures
    return cls


def _without_bodies(body):
    """Function bodies and nested classes become a semicolon."""
    result, position = "", 0
    while match := re.compile(r"\{").search(body, position):
        result += body[position : match.start()] + ";"
        position = match.end() + len(_block(body, match.end())) + 1
    return result + body[position:]


def _signatures(declaration):
    """Of a declared method; with default arguments there is one for every number of them, as moc has it."""
    declaration = re.sub(r"\b(?:Q_\w+|virtual|inline|static|explicit|override|final|noexcept)\b(?:\([^()]*\))?", " ", declaration)
    match = re.search(r"([\w:<>,*&\s]+?[\s*&])(~?\w+)\s*\((.*)\)", " ".join(declaration.split()))
    if match is None or match[2].startswith("~") or match[2].isupper():
        return []
    arguments = [argument for argument in _split(match[3]) if argument.strip()]
    types = [normalised(argument.split("=")[0]) for argument in arguments]
    first_default = next((n for n, argument in enumerate(arguments) if "=" in argument), len(arguments))
    return [f"{match[2]}({','.join(types[:count])})" for count in range(first_default, len(arguments) + 1)]


def _split(arguments):
    parts, depth, current = [], 0, ""
    for letter in arguments:
        depth += letter in "<(" or -(letter in ">)")
        if letter == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current]


def normalised(argument):
    """The type of an argument as in QMetaObject::normalizedSignature: without its name, without `const T&`."""
    argument = " ".join(argument.split())
    name = re.match(r"^(.*[\s*&>])(\w+)$", argument)
    if (
        name
        and name[2] not in ("int", "bool", "double", "float", "long", "char", "short", "unsigned")
        and name[1].strip() not in ("const", "")
    ):
        argument = name[1]
    argument = re.sub(r"\s*([*&<>,])\s*", r"\1", argument.strip())
    if match := re.match(r"^const (.*)&$", argument):
        argument = match[1]
    elif re.match(r"^const [^*&]+$", argument):
        argument = argument[6:]
    return argument
