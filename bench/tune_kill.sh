#!/bin/sh
# A search with two workers is killed (kill -9) at random moments, one worker, the leading
# process alone or all of them at once, and the same command given again, until it has been
# killed as often as asked. After each kill every trial that was recorded before must be
# there still, to the byte; at each end every trial must be there exactly once and the
# table, times aside, be that of a search never killed.
#
# usage: bench/tune_kill.sh [KILLS=30] [WEFT=build/cli/weft] [DATA=synth:n=800,test=1]
set -eu
kills=${1:-30} weft=$(realpath "${2:-build/cli/weft}") data=${3:-synth:n=800,test=1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

tune() {
    exec setsid "$weft" tune kugler-cnn learning-rate=0.003,0.01,0.03,0.1 filters=4,8 \
        --epochs 3 --folds 2 --workers 2 --threads 2 --quiet --data "$data" "$@"
}
table() { # without the times, which are the last two columns
    sed 's/,[^,]*,[^,]*$//' "$1/results.csv"
}
check() { # recorded trials are kept as they are
    /usr/bin/python3 - <<'PYTHON'
import os, pickle, sqlite3
rows = {}
if os.path.exists("runs/runs.db"):
    db = sqlite3.connect("runs/runs.db")
    try:
        for key, *rest in db.execute(
            "SELECT id, rung, number, status, score, result, attempts, began, ended"
            " FROM trial WHERE status IN ('done', 'failed')"):
            rows[key] = rest
        total, distinct = db.execute(
            "SELECT count(*), count(DISTINCT rung || '/' || number) FROM trial").fetchone()
        assert total == distinct and total in (0, 8), (total, distinct)
    except sqlite3.OperationalError as error:  # killed before there were any tables
        assert "no such table" in str(error), error
old = pickle.load(open("seen", "rb")) if os.path.exists("seen") else {}
for key, row in old.items():
    assert rows.get(key) == row, f"trial {key} was {row}, is {rows.get(key)}"
pickle.dump(rows, open("seen", "wb"))
print(len(rows))
PYTHON
}

began=$(date +%s%N)
(tune --out whole --store whole.db) >/dev/null
length=$((($(date +%s%N) - began) / 1000000))
table whole >expected
echo "a search takes $length ms: $(($(wc -l <expected) - 1)) trials"

seed=1 done=0 ended=0
while [ "$done" -lt "$kills" ]; do
    (tune --out r) >/dev/null 2>&1 &
    leader=$!
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    sleep "$(awk "BEGIN { print ($seed % $length) / 1000 }")"
    worker=$(pgrep -P "$leader" | head -n 1 || true)
    case $((seed / 65536 % 3)) in
    0) victim=${worker:-$leader} ;;
    1) victim=$leader ;;
    2) victim=-$leader ;; # the process group
    esac
    kill -9 "$victim" 2>/dev/null && done=$((done + 1))
    if wait $leader 2>/dev/null; then code=0; else code=$?; fi
    recorded=$(check)
    if [ "$code" -eq 0 ]; then # it ended, or its other worker ended it
        table r | cmp - expected
        [ "$recorded" -eq 8 ]
        rm -rf r runs seen
        ended=$((ended + 1))
        echo "$done kills, $ended searches ended"
    fi
done
(tune --out r) >/dev/null
[ "$(check)" -eq 8 ]
table r | cmp - expected
echo "$done kills, $((ended + 1)) searches ended, all with the same table"
