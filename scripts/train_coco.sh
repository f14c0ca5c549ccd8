#!/usr/bin/env bash
# Train on COCO on all GPUs of this node, or of several; a failed worker costs what came after the last checkpoint.
# Usage: train_coco.sh data=datasets/coco/coco.yaml loss=focal_eiou […]      any arguments of 'yolo train'
#
# The recipe is cfg=coco/yolov8.yaml unless the arguments name another, or a detector that has defaults of its own, as
# model=retinanet.yaml does. From the environment:
#   PROCESSES=4   on this node; default: one for each GPU, or one
#   RESTARTS=3    how often failed workers are replaced
#   ID=name       of this training; the same command with the same ID resumes it, after a power cut too.
#                 Default: made of the arguments, so the same command is the same training
#   MACHINES=2 HOST=node1:29500 ID=name     several nodes: the same command on each, HOST being one of them
#   PYTHON=python that has yolo-feiou. Default: the one beside this script, where pip puts it, or else on the PATH
#   DRY_RUN=1     print the command, and do nothing
set -euo pipefail
case " $* " in *" --help "*) sed -nE '2,/^[^#]/s/^#( |$)//p' "$0"; exit ;; esac

args=("$@")
case " $* " in *" data="*) ;; *) echo "error: give data=, the YAML that yolo prepare coco made" >&2; exit 2 ;; esac

python=${PYTHON:-$(PATH="$(dirname "$0"):$PATH" command -v python || echo python)}
case " $* " in
  *" cfg="*) ;;
  *" model="* | *" resume="*)
    framework=$("$python" -m yolo_feiou.dispatch which "$@")
    [ "$framework" = detectors ] || args=(cfg=coco/yolov8.yaml "${args[@]}")
    ;;
  *) args=(cfg=coco/yolov8.yaml "${args[@]}") ;;
esac
processes=${PROCESSES:-$("$python" -c 'import torch; print(max(torch.cuda.device_count(), 1))')}
nodes=${MACHINES:-1}
options=("--nnodes=$nodes" "--nproc-per-node=$processes" "--max-restarts=${RESTARTS:-3}" --rdzv-backend=c10d)
if [ "$nodes" -gt 1 ]; then
  if [ -z "${HOST:-}" ] || [ -z "${ID:-}" ]; then
    echo "error: several nodes need HOST=name:port and ID=name" >&2; exit 2
  fi
  options+=("--rdzv-endpoint=$HOST" "--rdzv-id=$ID")
else
  id=$(printf '%s\n' "${args[@]}" | cksum)
  options+=(--rdzv-endpoint=localhost:0 "--rdzv-id=${ID:-${id%% *}}")
fi

command=("$python" -m torch.distributed.run "${options[@]}" -m yolo_feiou train "${args[@]}")
if [ -n "${DRY_RUN:-}" ]; then
  printf 'TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 '; printf '%q ' "${command[@]}"; echo; exit
fi
"$python" -m yolo_feiou.dispatch check "${args[@]}"
# Else a process that replaces a failed one meets the others where the addresses of those before still stand.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
exec "${command[@]}"
