#!/usr/bin/env bash
# Make a folder that runs the gate on any Linux of this processor, whatever libc it has and without
# its Python: the interpreter, its library, our packages, the loader and every shared library.
# usage: bundle.sh PYTHON APP OUT     APP: what `pip install --target APP .` made
#
#   OUT/bin/ci-gate   the command: a launcher that calls OUT's own loader
#   OUT/bin/python3   the interpreter, launched in the same way
#   OUT/app           our packages; `python3 -I OUT/app` is the command, too
#   OUT/lib           the standard library, the loader and the shared libraries
#   OUT/libexec       the interpreter's program file
#
# Nothing is patched and no variable is set, so that what the gate starts sees its own system only.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: bundle.sh PYTHON APP OUT" >&2
  exit 2
fi
python=$(command -v "$1") app=$2 out=$3

program=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
version=${library##*/}
mkdir -p "$out/bin" "$out/libexec" "$out/lib/$version"
out=$(cd "$out" && pwd -P)

# --- the interpreter, its standard library without what only developers use, and ours
cp -L "$program" "$out/libexec/python3"
tar -C "$library" -c --exclude=__pycache__ --exclude=./test --exclude=./idlelib --exclude=./tkinter \
  --exclude=./turtledemo --exclude=./lib2to3 --exclude=./ensurepip --exclude=./site-packages \
  --exclude=./dist-packages --exclude='./config-*' --exclude='*.a' . | tar -C "$out/lib/$version" -x
# Where lib-dynload is not part of the standard library's folder there would be no socket module.
[ -d "$out/lib/$version/lib-dynload" ] || { echo "bundle: $library has no lib-dynload" >&2; exit 1; }
rm -rf "$out/app"
cp -RL "$app" "$out/app"
rm -rf "$out/app/bin"
# Debug information is most of some packages. What was patched after linking stays as it is.
if command -v strip >/dev/null; then
  find "$out/app" -name '*.so' -not -path '*.libs/*' -exec strip --strip-debug {} +
fi
cat >"$out/app/__main__.py" <<'PYTHON'
"""`python3 -I app`: the command line."""

from ci_gate.cli.main import main

if __name__ == "__main__":
    main()
PYTHON

# --- the shared libraries that all of it needs, and the loader
elf_files() {
  find "$out/libexec" "$out/lib" "$out/app" -type f \( -name '*.so' -o -name '*.so.*' -o -name python3 \) -print0
}
loader=$(ldd "$out/libexec/python3" | awk '$1 ~ /\/ld(-linux)?[^\/]*\.so/ {print $1}')
[ -n "$loader" ] || { echo "bundle: $program names no loader" >&2; exit 1; }
cp -L "$loader" "$out/lib/ld.so"
# "name => path (address)"; what lies beside the library that needs it is found there again.
elf_files | xargs -0 -n 1 ldd 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3}' | sort -u |
  while read -r name path; do
    case $(readlink -f "$path") in
      "$out"/*) ;;
      *) [ -e "$out/lib/$name" ] || cp -L "$path" "$out/lib/$name" ;;
    esac
  done
# Loaded by name when a thread ends.
libgcc=$(dirname "$(ldd "$out/libexec/python3" | awk '$1 ~ /^libc\.so/ {print $3}')")/libgcc_s.so.1
[ -e "$out/lib/libgcc_s.so.1" ] || cp -L "$libgcc" "$out/lib/libgcc_s.so.1"
missing=$(elf_files | xargs -0 -n 1 "$out/lib/ld.so" --inhibit-cache --library-path "$out/lib" --list 2>/dev/null |
  grep 'not found' | sort -u || true)
[ -z "$missing" ] || { echo "bundle: $missing" >&2; exit 1; }

# --- launchers
launcher() { # NAME ARGUMENTS
  cat >"$out/bin/$1" <<SHELL
#!/bin/sh
# Runs the program beside it by its own loader and libraries; made by scripts/bundle.sh.
self=\$0
while [ -h "\$self" ]; do
  target=\$(readlink "\$self")
  case \$target in
    /*) self=\$target ;;
    *) self=\${self%/*}/\$target ;;
  esac
done
root=\$(cd "\${self%/*}/.." && pwd -P) || exit 3
exec "\$root/lib/ld.so" --inhibit-cache --library-path "\$root/lib" \\
  --argv0 "\$root/bin/python3" "\$root/libexec/python3" $2"\$@"
SHELL
  chmod 755 "$out/bin/$1"
}
launcher python3 ''
launcher ci-gate '-I "$root/app" '

# Compiled ahead, and valid whatever times a copy gives to the files.
"$out/bin/python3" -I -m compileall -q --invalidation-mode unchecked-hash "$out/lib/$version" "$out/app" >&2
"$out/bin/ci-gate" --version >&2
