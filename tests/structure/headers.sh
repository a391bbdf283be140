#!/bin/sh
# headers.sh INCLUDE-FOLDER CC [CXX]: every public header compiles alone, in C and in C++.
include=$1 cc=$2 cxx=${3:-}
set -- "$include"/weft/*.h
if [ -n "$cxx" ]; then echo "1..$(($# * 2))"; else echo "1..$(($# + 1))"; fi
n=0
compile() { # LANGUAGE COMPILER FLAGS HEADER
    n=$((n + 1))
    name="weft/${4##*/} alone in $1"
    # shellcheck disable=SC2086 # flags are words
    if echo "#include \"weft/${4##*/}\"" |
        $2 $3 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$include" - >&2; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
    fi
}
for header; do compile C "$cc" "-xc -std=c11" "$header"; done
if [ -z "$cxx" ]; then
    echo "ok $((n + 1)) - public headers alone in C++ # SKIP no C++ compiler"
    exit
fi
for header; do compile C++ "$cxx" "-xc++ -std=c++11" "$header"; done
