#!/usr/bin/env bash
# Ten lessons paid ahead and earned one by one. After the end nothing is earned.
source "$(dirname "$0")/../lib.sh"

merchant school "Kanazawa Piano School" deposit
wallet student deposit 60000
signer student roll
money

propose "the school proposes ten lessons"
agree student
for lesson in first second third; do
  tell "the attendance register states: $lesson lesson" roll --attest lesson
done
tell "the student quits" student --act quit
tell "the attendance register states: fourth lesson" roll --attest lesson
money
