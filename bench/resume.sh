#!/bin/sh
# A network's training is killed at random moments and resumed until it has been killed as
# often as asked; its model must be, byte for byte, that of a training never stopped.
#
# usage: bench/resume.sh [KILLS=50] [WEFT=build/cli/weft] [DATA=synth:n=6000,test=1]
#                        [NETWORK=kugler-cnn] [further options of weft train]
set -eu
kills=${1:-50} weft=$(realpath "${2:-build/cli/weft}") data=${3:-synth:n=6000,test=1}
network=${4:-kugler-cnn}
[ $# -gt 4 ] && shift 4 || shift $#
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

train() {
    exec "$weft" train "$network" --data "$data" --validation 0.2 --epochs 4 --threads 2 \
        --quiet "$@"
}

began=$(date +%s%N)
(train --out whole.safetensors "$@") >/dev/null
length=$((($(date +%s%N) - began) / 1000000))
echo "a training takes $length ms, $(sha256sum <whole.safetensors | cut -c1-16)"

seed=1 done=0 ended=0
while [ "$done" -lt "$kills" ]; do
    (train --out m.safetensors --resume --checkpoint-seconds 0.05 "$@") >/dev/null 2>&1 &
    child=$!
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    sleep "$(awk "BEGIN { print ($seed % $length) / 1000 }")"
    if kill -9 $child 2>/dev/null; then
        wait $child 2>/dev/null && code=0 || code=$?
        [ "$code" -eq 137 ] && done=$((done + 1))
    fi
    if wait $child 2>/dev/null; then :; fi
    if [ -e m.safetensors ] && [ ! -e m.safetensors.checkpoint ]; then
        cmp m.safetensors whole.safetensors
        rm m.safetensors
        ended=$((ended + 1))
    fi
done
(train --out m.safetensors --resume "$@") >/dev/null 2>&1
cmp m.safetensors whole.safetensors
echo "$done kills, $((ended + 1)) trainings ended, all with the same model"
