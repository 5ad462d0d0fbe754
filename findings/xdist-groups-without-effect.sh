#!/bin/sh
# pytest-xdist 3.8.0 with pytest 9.2.0: `--dist loadgroup`, and tests that share a mark `xdist_group`.
#
# Guess: all tests of one group run in one worker, as the documentation says; so it is with pytest 8.4.2.
# Found: the mark is without effect and without a word: the tests of the group are spread over both workers. xdist writes the group into the item's
#   `_nodeid`, from which pytest 9.2 does not make the node's name any more. `--dist loadfile` and `loadscope` are not concerned.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
cat > test_group.py <<'PY'
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("n", range(8))
def test_of_the_group(n, worker_id, tmp_path_factory):
    (tmp_path_factory.getbasetemp().parent / worker_id).touch()
    time.sleep(0.2)
PY
for pytest in 8.4.2 9.2.0; do
    env/bin/pip install --quiet --disable-pip-version-check "pytest==$pytest" pytest-xdist==3.8.0
    env/bin/pytest --quiet --numprocesses 2 --dist loadgroup --basetemp "$folder/$pytest" test_group.py > "$folder/$pytest.txt" || { cat "$folder/$pytest.txt"; exit 2; }
    ls "$folder/$pytest" | grep '^gw[01]$' | sort | tr '\n' ' ' > workers
    echo "pytest $pytest, pytest-xdist 3.8.0: the group ran in: $(cat workers)"
    case $pytest in
        8.4.2) test "$(wc -w < workers)" = 1 ;;
        9.2.0) test "$(wc -w < workers)" = 2 ;;
    esac || { echo "this has changed"; exit 1; }
done
