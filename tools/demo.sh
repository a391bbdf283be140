#!/bin/sh
# The main job on Fashion-MNIST: found through WEFT_DATA or the cache, else downloaded; with
# neither data nor network, on synthetic garments.
set -u
weft=$1
shift
data=fashion-mnist
if ! reason=$("$weft" data info "$data" --download --quiet 2>&1 >/dev/null); then
    data=synth:n=6000,seed=1
    echo "demo: no Fashion-MNIST here ($reason): running on synthetic garments" >&2
fi
exec "$weft" compare --data "$data" "$@"
