#!/usr/bin/env bash
# Unpacks Debian's VictoriaMetrics of trixie into build/debian and prints the path of the program: that
# of bookworm takes no OTLP. The mirror is the one that this system uses. Nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/debian
program=$folder/root/usr/bin/victoria-metrics
if [ ! -x "$program" ]; then
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    grep -v '^ *#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ') || true
  [ -n "$mirror" ] || { echo "no Debian mirror in the sources of apt" >&2; exit 1; }
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/root"
  echo "deb $mirror trixie main" >"$folder/trixie.list"
  options=(
    -o "Dir::Etc::sourcelist=$folder/trixie.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache"
    -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update -qq >/dev/null
  (cd "$folder" && apt-get "${options[@]}" download -qq victoria-metrics >/dev/null)
  dpkg -x "$folder"/victoria-metrics_*.deb "$folder/root"
fi
echo "$program"
