#!/usr/bin/env bash
# Guess: an enum name that Qt Designer 6 writes into a .ui file (`Qt::TextInteractionFlag::TextSelectableByMouse`) is read by Qt 5.15 as the same flag,
# or the file is refused. Behaviour: Qt 5.15 reads the file, says nothing, and sets -1: every flag that there is. A label becomes editable, a table
# with `QAbstractItemView::EditTrigger::NoEditTriggers` is edited by any click. The short name (`Qt::TextSelectableByMouse`) is read alike by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
first() { for p in "$@"; do "$p" -c 'import ensurepip' 2>/dev/null && { echo "$p"; return; }; done; }
old=$(first python3.10 python3.9 python3.8)
new=$(first python3.12 python3.11 python3.10)
[ -n "$old" ] && [ -n "$new" ] || { echo "PySide2 5.15.2.1 needs Python 3.8 to 3.10"; exit 2; }
"$old" -m venv "$folder/5" && "$folder/5/bin/pip" install -q --disable-pip-version-check PySide2==5.15.2.1
"$new" -m venv "$folder/6" && "$folder/6/bin/pip" install -q --disable-pip-version-check PySide6-Essentials==6.10.3
for name in Qt::TextInteractionFlag::TextSelectableByMouse Qt::TextSelectableByMouse; do
    cat >"$folder/label.ui" <<UI
<ui version="4.0"><widget class="QLabel" name="label"><property name="textInteractionFlags"><set>$name</set></property></widget></ui>
UI
    for qt in 5 6; do
        binding=PySide$((qt == 5 ? 2 : 6))
        read=$(QT_QPA_PLATFORM=offscreen "$folder/$qt/bin/python" - "$folder/label.ui" "$binding" <<'PY'
import importlib, sys
core, widgets, tools = (importlib.import_module(f"{sys.argv[2]}.{name}") for name in ("QtCore", "QtWidgets", "QtUiTools"))
application = widgets.QApplication([])
flags = tools.QUiLoader().load(core.QFile(sys.argv[1])).textInteractionFlags()
print(core.qVersion(), int(getattr(flags, "value", flags)))
PY
)
        echo "$name read by Qt $read"
        echo "$name $qt ${read##* }" >>"$folder/seen"
    done
done
grep -qx "Qt::TextInteractionFlag::TextSelectableByMouse 5 -1" "$folder/seen" && grep -qx "Qt::TextInteractionFlag::TextSelectableByMouse 6 1" "$folder/seen" &&
    [ "$(grep -c '^Qt::TextSelectableByMouse [56] 1$' "$folder/seen")" = 2 ] || { echo "changed"; exit 1; }
