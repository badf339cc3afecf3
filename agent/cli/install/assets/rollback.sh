#!/bin/sh
# Puts the previous release back while a new one is on trial. Without Bun: the program that should
# do it may be the one that cannot start. patronus-agent.trial exists from the swap to the commit.
dir="${1:-@PREFIX@}"
[ -f "$dir/patronus-agent.trial" ] && [ -f "$dir/patronus-agent.prev" ] || exit 0
mv -f "$dir/patronus-agent.prev" "$dir/patronus-agent" || exit 1
mv -f "$dir/patronus-agent.trial" "$dir/patronus-agent.rolled-back"
sync
