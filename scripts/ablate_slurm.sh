#!/usr/bin/env bash
# An ablation as an array job of Slurm: one task for each run of the grid, all in one folder on a shared file system.
# Usage: ablate_slurm.sh out=FOLDER data=… losses=… seeds=… […]     everything that 'yolo ablate' takes
#
# Options for sbatch come from SBATCH_OPTIONS, as in SBATCH_OPTIONS="--gres=gpu:1 --cpus-per-task=8 --time=12:00:00".
# A task whose time runs out, or whose node fails, is requeued and resumes from its last checkpoint. A run is known by
# its key, so a grid that is edited meanwhile mixes nothing up. The same command again does what is left.
set -euo pipefail
case " $* " in *" --help "*) sed -nE '2,/^[^#]/s/^#( |$)//p' "$0"; exit ;; esac

if [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then # on the login node
  case " $* " in *" out="*) ;; *) echo "error: give out=, a folder that all nodes share" >&2; exit 2 ;; esac
  case " $* " in *" until="*) echo "error: until= decides which runs there are as others end, an array of runs before: \
submit 'yolo ablate' itself, several times to share the work" >&2; exit 2 ;; esac
  plan=$(yolo-feiou ablate "$@" plan=True)
  ABLATE_KEYS=$(awk '$1 ~ /^[0-9]+$/ && $2 ~ /^[0-9a-f]+$/ && NF >= 3 { print $2 }' <<<"$plan")
  export ABLATE_KEYS
  runs=$(wc -w <<<"$ABLATE_KEYS")
  [ "$runs" -gt 0 ] || { echo "error: there are no runs to do: $plan" >&2; exit 2; }
  # shellcheck disable=SC2086  # a list of options
  exec sbatch --job-name=ablate --array="1-$runs" --requeue --signal=B:TERM@60 --export=ALL ${SBATCH_OPTIONS:-} "$0" "$@"
fi

read -r -d '' -a keys <<<"$ABLATE_KEYS" || true
yolo-feiou ablate "$@" only="${keys[SLURM_ARRAY_TASK_ID - 1]}" &
trap 'kill -TERM $! || true; wait $! || true; scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"; exit 0' TERM
wait $!
