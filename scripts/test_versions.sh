#!/usr/bin/env bash
# Run the core tests against the oldest and the newest Ultralytics, each in a fresh environment that is removed after.
# Usage: scripts/test_versions.sh [version…]      default: the oldest supported, and the newest there is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

oldest=$(sed -n 's/^ *"ultralytics>=\([0-9.]*\),.*/\1/p' pyproject.toml)
core="tests/yolo/test_bbox_loss.py tests/yolo/test_criterion.py tests/yolo/test_proof.py tests/yolo/test_trainer.py tests/yolo/test_model.py tests/test_cli.py tests/test_resume.py
      tests/test_checkpoint.py tests/yolo/test_distributed.py tests/yolo/test_argument_values.py tests/yolo/test_last_batch.py
      tests/yolo/test_weights_path.py tests/yolo/test_configs.py"
failed=0
[ $# -gt 0 ] || set -- "$oldest" newest
for version in "$@"; do
  environment=$(mktemp -d)
  trap 'rm -rf "$environment"' EXIT
  ${PYTHON:-python3} -m venv "$environment"
  wanted=ultralytics; [ "$version" = newest ] || wanted="ultralytics==$version"
  "$environment/bin/pip" install --quiet --editable '.[dev]' "$wanted"
  "$environment/bin/python" -c "import ultralytics; print('Ultralytics', ultralytics.__version__)"
  # shellcheck disable=SC2086  # a list of files
  "$environment/bin/python" -m pytest -n 2 $core || failed=1
  rm -rf "$environment"
done
exit $failed
