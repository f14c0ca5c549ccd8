#!/usr/bin/env bash
# Run the core tests against the oldest and the newest releases, each in a fresh environment that is removed after:
#   oldest   every dependency at the floor that pyproject.toml states, on the oldest Python that it supports
#   newest   every dependency as pip finds it, on the newest Python that is there
#   8.4.3    that release of Ultralytics, the rest as pip finds it
# Pythons are looked for on the path and among pyenv's; PYTHON=python3.11 takes that one for all.
# An environment takes 6 GB and minutes, so `.ci/run` calls this only with VERSIONS=1.
# Usage: scripts/test_versions.sh [oldest | newest | version]…      default: oldest newest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

core="tests/losses tests/storage tests/report tests/plots tests/checks
      tests/test_cli.py tests/test_resume.py tests/test_checkpoint.py tests/ablation/test_grid.py
      tests/yolo/test_bbox_loss.py tests/yolo/test_criterion.py tests/yolo/test_proof.py tests/yolo/test_trainer.py
      tests/yolo/test_model.py tests/yolo/test_distributed.py tests/yolo/test_argument_values.py
      tests/yolo/test_last_batch.py tests/yolo/test_weights_path.py tests/yolo/test_user_losses.py tests/yolo/test_configs.py
      tests/yolo/test_loss_state.py tests/yolo/test_trainers.py tests/yolo/test_families.py
      tests/yolo/test_detr_loss.py tests/yolo/test_rtdetr.py tests/yolo/test_obb.py tests/yolo/test_open_vocabulary.py"
tools="pytest>=8 pytest-xdist hypothesis mpmath cloudpickle>=3.1.1"

# Print the first Python of the minor versions given that is there; the others are named as missing.
find_python() {
  local minor found
  for minor in "$@"; do
    for found in "${PYTHON:-python3.$minor}" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor".*/bin/python; do
      "$found" -c 'import venv' 2>/dev/null && { echo "$found"; return; }
    done
    echo "no Python 3.$minor here" >&2
  done
  return 1
}

# Print `name==floor` for each dependency in pyproject.toml; a floor of two parts, 1.11, is any release of 1.11.
floors() {
  sed -n '/^dependencies = \[/,/^\]/p' pyproject.toml |
    sed -nE 's/^ *"([a-z0-9-]+)>=([0-9]+\.[0-9]+\.[0-9]+)[",].*/\1==\2/p; s/^ *"([a-z0-9-]+)>=([0-9]+\.[0-9]+)[",].*/\1==\2.*/p'
}

failed=0
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
[ $# -gt 0 ] || set -- oldest newest
for version in "$@"; do
  case $version in
    oldest) python=$(find_python 10 11 12 13); floors >"$environment.txt" ;;
    newest) python=$(find_python 13 12 11 10); : >"$environment.txt" ;;
    *) python=$(find_python 11 12 13 10); echo "ultralytics==$version" >"$environment.txt" ;;
  esac
  "$python" -m venv --clear "$environment"
  # shellcheck disable=SC2086  # a list of packages
  "$environment/bin/pip" install --quiet --prefer-binary --constraint "$environment.txt" ".[export]" $tools
  rm "$environment.txt"
  "$environment/bin/python" - <<'END'
import sys
from importlib.metadata import version
names = "ultralytics torch torchvision numpy scipy msgspec filelock".split()
print("Python", sys.version.split()[0], *(f"{name} {version(name)}" for name in names), sep=", ")
END
  # shellcheck disable=SC2086  # a list of files
  "$environment/bin/python" -m pytest -n 2 $core || failed=1
done
exit $failed
