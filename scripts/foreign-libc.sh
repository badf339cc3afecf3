#!/usr/bin/env bash
# Unpacks Debian's C libraries for foreign targets into build/debian/TARGET and prints that folder:
# `foreign-libc.sh linux-arm64` (glibc, for qemu-user) or `linux-x64-musl`. Nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1
case $target in
  linux-arm64) arch=arm64 packages=(libc6) ;;
  linux-x64-musl) arch=amd64 packages=(musl) ;;
  *) echo "no C library known for $target" >&2; exit 2 ;;
esac
folder=$PWD/build/debian/$target
if [ ! -e "$folder/.done" ]; then
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  options=(
    -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch"
    -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache"
    -o "Dir::State::status=$folder/status" -o APT::Sandbox::User=root
  )
  : >"$folder/status"
  apt-get "${options[@]}" update -qq >/dev/null
  (cd "$folder" && apt-get "${options[@]}" download -qq "${packages[@]}" >/dev/null)
  for deb in "$folder"/*.deb; do dpkg -x "$deb" "$folder/root"; done
  rm -rf "$folder"/*.deb "$folder/lists" "$folder/cache"
  touch "$folder/.done"
fi
echo "$folder/root"
