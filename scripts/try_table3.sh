#!/usr/bin/env bash
# Table 3 of the paper in small: its ten rows on ResNet-18 and synthetic images, two seeds, a few steps, and the report.
# Usage: scripts/try_table3.sh [argument=value …]     arguments of 'yolo ablate', as out=FOLDER or iterations=100
#
# It shows that everything runs; its figures say nothing of the losses. The paper's own set-up is cfg/paper/table3.yaml.
set -euo pipefail

out=runs/table3_small
for argument in "$@"; do
  case "$argument" in out=*) out=${argument#out=} ;; esac
done
models=faster_rcnn_r18.yaml,mask_rcnn_r18.yaml,retinanet_r18.yaml,atss_r18.yaml,paa_r18.yaml
small=(data=shapes.yaml imgsz=64 batch=2 iterations=4 intervals=1 workers=0 preflight=False)
given=" $* "
kept=()
for argument in "${small[@]}"; do # an argument that is given takes the place of ours
  case "$given" in *" ${argument%%=*}="*) ;; *) kept+=("$argument") ;; esac
done
case "$given" in *" out="*) ;; *) kept+=("out=$out") ;; esac
yolo-feiou ablate cfg=table3.yaml "model=$models" seeds=0,1 "${kept[@]}" "$@"
yolo-feiou report "$out"
rows=$(grep -c '^| .*R-CNN\|^| .*RetinaNet\|^| .*ATSS\|^| .*PAA' "$out/report/paper_table3.md")
[ "$rows" -eq 10 ] || { echo "error: $out/report/paper_table3.md has $rows rows of 10" >&2; exit 1; }
echo "The ten rows in the paper's layout are in $out/report/paper_table3.md"
