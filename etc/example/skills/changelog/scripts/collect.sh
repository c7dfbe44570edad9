#!/bin/sh
# Prints the commits since a tag, sorted by the area before the colon of the subject.
set -eu

tag=${1:?usage: collect.sh TAG}
git log --no-merges --format='%s (%h)' "$tag"..HEAD | sort -t: -k1,1 -s
