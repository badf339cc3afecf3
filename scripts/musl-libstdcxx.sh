#!/usr/bin/env bash
# Links the libstdc++.so.6 that PROGRAM, built for musl, asks for, out of Debian's position-independent
# archive, and puts it at FILE: `musl-libstdcxx.sh PROGRAM FILE`. On a box it is the system's own; Debian
# has one for glibc only. Needs gcc; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(gcc -dumpversion)
(cd "$work" && apt-get -o APT::Sandbox::User=root download -qq "libstdc++-$version-pic" >/dev/null)
dpkg -x "$work"/*.deb "$work/root"
archive=$(find "$work/root" -name libstdc++_pic.a)

# What the archive expects of glibc, and musl has by another name or not at all.
cat >"$work/shim.c" <<'C'
extern int pthread_key_create(unsigned *, void (*)(void *));
extern void abort(void);
void *__dso_handle __attribute__((visibility("hidden"))) = &__dso_handle;
char __libc_single_threaded;
int __pthread_key_create(unsigned *key, void (*gone)(void *)) { return pthread_key_create(key, gone); }
/* Not found: the unwinder then asks dl_iterate_phdr. */
int _dl_find_object(void *address, void *result) { (void)address; (void)result; return -1; }
unsigned arc4random(void) { abort(); }
C

wanted=$({
  nm -D --undefined-only "$program" | awk '{ print $NF }'
  readelf -rW "$program" | awk '/_COPY/ { print $5 }'
} | sed 's/@.*//' | grep -E '^(_Z|__cxa_(guard|pure|bad|demangle)|__dynamic_cast|__once_proxy)' | sort -u)
gcc -shared -nostdlib -fPIC -O2 -Wl,-soname,libstdc++.so.6 -o "$library" "$work/shim.c" \
  $(sed 's/^/-Wl,-u,/' <<<"$wanted") -Wl,--gc-sections -Wl,--start-group "$archive" \
  "$(gcc -print-file-name=libgcc_eh.a)" "$(gcc -print-libgcc-file-name)" -Wl,--end-group
