#!/usr/bin/env bash
# Train with a recipe for COCO on all GPUs of this machine, or of several; a lost process costs an epoch at most.
# Usage: scripts/train_coco.sh data=datasets/coco/coco.yaml loss=focal_eiou […]      any arguments of 'yolo train'
#
# The recipe is cfg=coco/yolov8.yaml unless the words name another. From the environment:
#   PROCESSES=4   on this machine; default: one for each GPU, or one
#   RESTARTS=3    how often lost processes are replaced
#   ID=name       of this training; the same command with the same ID goes on with it, after a power cut too.
#                 Default: made of the words, so the same command is the same training
#   MACHINES=2 HOST=node1:29500 ID=name     several machines: the same command on each, HOST being one of them
#   DRY_RUN=1     print the command, and do nothing
set -euo pipefail

words=("$@")
case " $* " in *" cfg="*) ;; *) words=(cfg=coco/yolov8.yaml "${words[@]}") ;; esac
case " $* " in *" data="*) ;; *) echo "error: give data=, the YAML that prepare_coco.py made" >&2; exit 2 ;; esac

python=${PYTHON:-python}
processes=${PROCESSES:-$("$python" -c 'import torch; print(max(torch.cuda.device_count(), 1))')}
machines=${MACHINES:-1}
options=("--nnodes=$machines" "--nproc-per-node=$processes" "--max-restarts=${RESTARTS:-3}" --rdzv-backend=c10d)
if [ "$machines" -gt 1 ]; then
  if [ -z "${HOST:-}" ] || [ -z "${ID:-}" ]; then
    echo "error: several machines need HOST=name:port and ID=name" >&2; exit 2
  fi
  options+=("--rdzv-endpoint=$HOST" "--rdzv-id=$ID")
else
  id=$(printf '%s\n' "${words[@]}" | cksum)
  options+=(--rdzv-endpoint=localhost:0 "--rdzv-id=${ID:-${id%% *}}")
fi

command=("$python" -m torch.distributed.run "${options[@]}" -m yolo_feiou train "${words[@]}")
if [ -n "${DRY_RUN:-}" ]; then
  printf 'TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 '; printf '%q ' "${command[@]}"; echo; exit
fi
"$python" -m yolo_feiou.yolo.check_command "${words[@]}"
# Else a process that replaces a lost one meets the others where the addresses of those before still stand.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
exec "${command[@]}"
