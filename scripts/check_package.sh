#!/usr/bin/env bash
# Build the source distribution and from it the wheel, check both, and use the wheel in an environment of its own.
# The environment takes what the package depends on from that of $PYTHON, which must have `.[dev]`.
# Usage: scripts/check_package.sh [FOLDER]      keeps both in FOLDER once all of it has passed, as for a release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$(command -v "${PYTHON:-.venv/bin/python}")
kept=${1:+$(realpath -m "$1")}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m build --no-isolation --outdir "$folder/dist" . >"$folder/build.log" || { cat "$folder/build.log"; exit 1; }
"$python" -m twine check --strict "$folder"/dist/*

"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-deps --no-index "$folder"/dist/*.whl
# After the environment's own packages, and without the editable install, which is a folder of another name.
"$python" -c 'import sys; print(*[path for path in sys.path if path.endswith("site-packages")], sep="\n")' >"$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/zz_others.pth"

mkdir "$folder/work" && cd "$folder/work"
unset PYTHONPATH PYTHON
export YOLO_CONFIG_DIR=$folder/config YOLO_OFFLINE=true YOLO_AUTOINSTALL=false PATH=$folder/venv/bin:$PATH
place=$(python -c 'import yolo_feiou; print(yolo_feiou.__file__)')
[[ $place == "$folder/venv/"* ]] || { echo "expected the installed package, got $place"; exit 1; }
yolo losses >losses.txt && grep -q focal_eiou losses.txt
yolo-feiou check focal_eiou
yolo recipes >recipes.txt && grep -q "coco/1x.yaml" recipes.txt
for verb in losses recipes check simulate prepare ablate evaluate export-results report doctor train; do
  yolo "$verb" --help >help.txt
  grep -q "^yolo $verb " help.txt || { echo "no help on $verb"; exit 1; }
done
for script in train_coco.sh train_coco.slurm ablate_slurm.sh; do
  "$script" --help >help.txt
  grep -q "^Usage: .*$script " help.txt || { echo "no help on $script"; exit 1; }
done
DRY_RUN=1 PROCESSES=2 train_coco.sh data=coco.yaml >command.txt
grep -q "$folder/venv/bin/python .* -m yolo_feiou train cfg=coco/yolov8.yaml data=coco.yaml" command.txt
yolo prepare voc --help | grep -q "source="
yolo train model=yolov8n.yaml data=shapes.yaml loss=focal_eiou imgsz=32 epochs=1 fraction=0.02 batch=4 workers=0 \
  plots=False verbose=False device=cpu project="$folder/runs" name=run >"$folder/train.log" 2>&1 ||
  { cat "$folder/train.log"; exit 1; }
grep -q "^loss: focal_eiou" "$folder/runs/run/args.yaml"
echo "the installed package trains"
if [ -n "$kept" ]; then
  mkdir -p "$kept" && cp "$folder"/dist/* "$kept"
  echo "kept in $kept"
fi
