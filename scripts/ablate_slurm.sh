#!/usr/bin/env bash
# An ablation as an array job of Slurm: one task for each run of the grid, all in one folder on a shared file system.
# Usage: scripts/ablate_slurm.sh out=FOLDER data=… losses=… seeds=… […]     everything that 'yolo ablate' takes
#
# Options for sbatch come from SBATCH_OPTIONS, as in SBATCH_OPTIONS="--gres=gpu:1 --cpus-per-task=8 --time=12:00:00".
# A task that is killed, for its time or a lost node, is requeued and goes on. The same command again does what is left.
set -euo pipefail

if [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then # on the login node
  case " $* " in *" out="*) ;; *) echo "error: give out=, a folder that all nodes share" >&2; exit 2 ;; esac
  runs=$(yolo-feiou ablate "$@" plan=True | wc -l)
  [ "$runs" -gt 0 ] || exit 2
  # shellcheck disable=SC2086  # a list of options
  exec sbatch --job-name=ablate --array="1-$runs" --requeue --signal=B:TERM@60 ${SBATCH_OPTIONS:-} "$0" "$@"
fi

yolo-feiou ablate "$@" only="$SLURM_ARRAY_TASK_ID" &
trap 'kill -TERM $!; wait $!; scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"; exit 0' TERM
wait $!
