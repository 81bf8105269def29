#!/bin/sh
# The C++ compiler of manylinux_2_28 wheels: clang from the package ziglang, against glibc 2.28.
# `tools/release.py` gives it to CMake as CXX; OVERTONE_ZIG is the path of zig.
# zig reads -O3 as -O2 with frame pointers, spells processors with underscores, and takes -mtune for
# another processor; generic is its own choice.
set -eu
level=
for word do
    shift
    case $word in
        -O*) level=$word ;;
        -march=x86-64-v*) word=-march=x86_64_v${word#-march=x86-64-v} ;;
        -mtune=generic) continue ;;
    esac
    set -- "$@" "$word"
done
[ "$level" != -O3 ] || set -- "$@" -Xclang -O3 -fomit-frame-pointer
exec "$OVERTONE_ZIG" c++ -target "$(uname -m)-linux-gnu.2.28" "$@"
