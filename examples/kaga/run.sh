#!/usr/bin/env bash
# The fares of a bus line from its feed, and a day of a city. `run.out` is the transcript:
#
#   examples/kaga/run.sh | diff examples/kaga/run.out -
#
# Uses $TEBURA, or builds and runs the release binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8

if [ -z "${TEBURA:-}" ]; then
  cargo build --quiet --release
  TEBURA=target/release/tebura
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '$ tebura fares check examples/kaga/gtfs-jp --route sea'
"$TEBURA" fares check examples/kaga/gtfs-jp --route sea
echo
echo '$ tebura fares compile examples/kaga/gtfs-jp --route loop'
"$TEBURA" fares compile examples/kaga/gtfs-jp --route loop
echo
echo '# A rule is missing, a price is negative, a stop is unknown.'
cp -r examples/kaga/gtfs-jp "$work/feed"
sed -i -e '/^F390,sea,Z1,Z5/d' "$work/feed/fare_rules.txt"
sed -i -e 's/^F150,150/F150,-150/' "$work/feed/fare_attributes.txt"
sed -i -e 's/S04_1,4$/S44_1,4/' "$work/feed/stop_times.txt"
for language in C.UTF-8 ja_JP.UTF-8; do
  LC_ALL=$language "$TEBURA" fares check "$work/feed" --route sea 2>&1 | sed "s#$work#…#g" || true
done
echo

echo '$ tebura demo kaga'
# How long things take and who was cut off by the crash differs; that nothing is lost does not, nor who
# comes into the concert.
"$TEBURA" demo kaga --data "$work/city" --out "$work/report" |
  grep -E '^# |difference|:[0-9]+ hall ' | sed -E -e 's/in [0-9.]+ s$/in … s/' -e 's/ [0-9]+ ms$//'
(cd "$work/report" && ls)
