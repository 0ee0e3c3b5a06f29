#!/usr/bin/env bash
# Money pledged for a loan, with two weeks to repay after a default. The bank cannot be its own loan register.
source "$(dirname "$0")/../lib.sh"

merchant bank "Noto Bank" cbdc
wallet owner cbdc 400000
signer owner bank loanbook
money

register=${signs[loanbook]}
signs[loanbook]=${signs[bank]}
propose "the bank proposes the pledge, with its own key as the loan register's"
signs[loanbook]=$register
propose "the bank proposes the pledge, with the loan register's own key"
agree owner
tell "the loan register states: default, ¥120,000 due" loanbook --attest default --field due=120000
note "In silence the bank is paid ¥120,000 after two weeks, and the rest goes back."
tell "the loan register states: repaid" loanbook --attest repaid
money
