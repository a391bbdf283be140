#!/bin/sh
# headers.sh INCLUDE-FOLDER CC [CXX]: every public header compiles alone, in C and in C++.
include=$1 cc=$2 cxx=${3:-}
set -- "$include"/weft/*.h
echo "1..$(($# * 2))"
n=0
compile() { # LANGUAGE COMPILER FLAGS HEADER
    n=$((n + 1))
    name="weft/${4##*/} alone in $1"
    if [ -z "$2" ]; then
        echo "ok $n - $name # SKIP no $1 compiler"
    elif echo "#include \"weft/${4##*/}\"" |
        $2 $3 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$include" - >&2; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
    fi
}
for header; do
    compile C "$cc" "-xc -std=c11" "$header"
    compile C++ "$cxx" "-xc++ -std=c++11" "$header"
done
