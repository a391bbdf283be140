#!/bin/sh
# A network on one's own photos, from random weights: the settings are chosen on a held-out
# part of the training photos alone; the validation photos are opened once, at the end.
#
# usage: bench/clothes.sh select CLOTHES [WEFT=build/cli/weft]   (a table)
#        bench/clothes.sh final CLOTHES [WEFT=build/cli/weft] [further options of weft train]
#        bench/clothes.sh transfer CLOTHES FASHION_MNIST [WEFT=build/cli/weft]
#
# CLOTHES holds train/CLASS/*.jpg and validation/CLASS/*.jpg. Wants an idle machine.
# SEEDS=1 in the environment: that seed instead of 1 2 3.
set -eu
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
what=$1 clothes=$(realpath "$2")
shift 2
fashion=
[ "$what" != transfer ] || { fashion=$(realpath "$1"); shift; }
weft=$(realpath "${1:-build/cli/weft}")
[ $# -eq 0 ] || shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Trains photo-resnet with these options; what is printed goes to a file.
train() {
    "$weft" train photo-resnet --data "$clothes/train" --no-store --quiet \
        --out "$folder/m.safetensors" "$@" >"$folder/printed"
}

# A line of a table: a name, seconds, then the held-out part's figures.
try() {
    name=$1
    shift
    train --validation 0.15 --epochs 20 "$@"
    awk -v name="$name" '/ fitted on / { seconds = $(NF - 1) }
        /^validation/ { printf "%-28s %6.0f s  accuracy %s  log loss %s\n", name, seconds,
                               $3, $(NF - 2) }' "$folder/printed"
}

# Three seeds, judged on the validation photos; seconds are from the training's start to its end.
judge() {
    for seed in ${SEEDS:-1 2 3}; do
        began=$(date +%s.%N)
        train --seed "$seed" "$@"
        seconds=$(echo "$(date +%s.%N) $began" | awk '{ print $1 - $2 }')
        "$weft" val "$folder/m.safetensors" --data "$clothes" --split validation \
            --no-store --quiet |
            awk -v seed="$seed" -v seconds="$seconds" \
                '$1 == "accuracy" { print seed, seconds, $2; exit }'
    done | awk '{ printf "seed %d  %.0f s  accuracy %.4f\n", $1, $2, $3
                  sum += $3; squares += $3 * $3; n++ }
                END { mean = sum / n; spread = squares - n * mean * mean
                      if (n > 1)
                          printf "mean %.4f  sd %.4f\n", mean, sqrt(spread > 0 ? spread / (n - 1) : 0) }'
}

case $what in
select)
    try "as the network's text says"
    try "adamw" --optimizer adamw --learning-rate 0.002 --weight-decay 0.05
    try "rate 0.03" --learning-rate 0.03
    try "whole pictures" --grow-until 0
    try "no tints" --tint 0
    try "one view" --views 1
    try "stretched" --fit stretch
    try "72 pixels" --size 72 --shift 6
    try "48 pixels, 35 epochs" --size 48 --shift 4 --epochs 35
    try "weights averaged" --swa 0.15
    try "cutmix" --cutmix 1 --erase 0
    try "mixup" --mixup 0.2
    try "no erasing" --erase 0
    try "balanced classes" --class-weights balanced
    ;;
final) judge "$@" ;;
transfer)
    "$weft" train photo-resnet --data "$fashion" --size 32 --channels 3 --epochs 3 \
        --grow-until 0 --erase 0 --no-store --quiet --out "$folder/fashion.safetensors" >/dev/null
    judge --init-from "$folder/fashion.safetensors" "$@"
    ;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
