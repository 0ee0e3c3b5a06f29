#!/bin/sh
# Draws, trains, measures: all.sh DATA_DIR PACK_DIR. Set PYTHON for another interpreter.
set -eu
# More threads than free cores make training many times slower: they wait for each other.
export OPENBLAS_NUM_THREADS=1
data=$1 pack=$2
train=$(dirname "$0")
python=${PYTHON:-python3}
draw() { cargo run --quiet --release -p tebura-drawn-faces --example dataset -- "$@"; }

# KIND FIRST COUNT PICTURES OUT. Training people start at 1,000,000, watched ones at 5,000,000, measured ones at 8,000,000.
draw scenes 1000000 24000 1 "$data/train"
draw faces 1000000 5000 14 "$data/train"
draw attacks 1000000 4000 1 "$data/train"
draw conditions 1000000 24000 1 "$data/train"
draw faces 5000000 300 6 "$data/unseen"
draw scenes 5000000 600 1 "$data/unseen"
draw attacks 5000000 600 1 "$data/unseen"
draw conditions 5000000 1000 1 "$data/unseen"
draw kiosk 8000000 200 5 "$data/drawn/calibrate"
draw kiosk 9000000 200 5 "$data/drawn/test"
draw hard 9100000 60 5 "$data/drawn/hard"
draw screen 9200000 200 1 "$data/drawn/screen"
draw print 9300000 200 1 "$data/drawn/print"
draw masked 9000000 200 5 "$data/drawn/masked"
draw empty 9400000 200 1 "$data/drawn/empty"
draw two 9500000 100 1 "$data/drawn/two"
for golden in frontal-1 kiosk-1 kiosk-2 hard-3 screen-1 print-2 two-1 masked-1; do
    draw "${golden%-*}" "${golden#*-}" 1 1 "$data/drawn/golden/$golden-0"
done

rm -f "$pack/training.log"
fit() { "$python" "$train/train.py" "$@" --data "$data/train" --unseen "$data/unseen" --out "$pack"; }
fit detector --epochs 5
fit landmarks --epochs 11
fit liveness --epochs 12
fit conditions --epochs 14
fit embedder --epochs 13
"$python" "$train/assemble.py" --pack "$pack" --drawn "$data/drawn"
