#!/bin/sh
# Builds and runs consumer.c against libhpo. Usage: check.sh KIND SOURCE-DIRECTORY WORK-DIRECTORY GSL(yes|no) OPENBLAS(yes|no)
#   prefix      only installs libhpo into WORK-DIRECTORY/prefix, for the next three
#   pkg-config  shared          static      one static program
#   cmake       find_package    subproject  from source, inside another meson project
set -eu
kind=$1 source=$2 work=$3 gsl=$4 openblas=$5
here=$source/tests/install prefix=$work/prefix
feature() { if [ "$1" = yes ]; then echo enabled; else echo disabled; fi; }
gsl_option=gsl=$(feature "$gsl") openblas_option=openblas=$(feature "$openblas")
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"

need() {
    for tool; do
        command -v "$tool" >/dev/null || { echo "$tool is missing" && exit 77; }
    done
}

# Runs a consumer; what the package says of GSL must be what the library says.
run() {
    info=$("$@")
    echo "$info"
    case $info in *"gsl: $gsl"*) ;; *) echo "the package says gsl=$gsl" && exit 1 ;; esac
}

rm -rf "${work:?}/$kind"
mkdir -p "$work/$kind"
cd "$work/$kind"

case $kind in
prefix)
    rm -rf ../prefix-build
    meson setup --prefix="$prefix" --libdir=lib -Dtests=false -Dbench=false -Dexamples=disabled "-D$gsl_option" "-D$openblas_option" ../prefix-build "$source"
    meson install -C ../prefix-build
    ;;
pkg-config)
    need pkg-config
    [ "$(pkg-config --variable=gsl libhpo)" = "$gsl" ]
    # shellcheck disable=SC2046,SC2086
    $CC "$here/consumer.c" $(pkg-config --cflags --libs libhpo) -o consumer
    run env LD_LIBRARY_PATH="$prefix/lib" ./consumer
    ;;
static)
    need pkg-config
    # shellcheck disable=SC2046,SC2086
    $CC -static "$here/consumer.c" $(pkg-config --static --cflags --libs libhpo) -o consumer
    run ./consumer
    if nm consumer | grep cblas_; then
        echo "GSL's CBLAS got into the program" && exit 1
    fi
    ;;
cmake)
    need cmake
    for static in OFF ON; do
        cmake -S "$here" -B $static -DCMAKE_PREFIX_PATH="$prefix" -Dlibhpo_USE_STATIC_LIBS=$static >log || { cat log && exit 1; }
        grep "libhpo_GSL=$gsl" log
        cmake --build $static
        run $static/consumer
    done
    if cmake -S "$here" -B refused -DCMAKE_PREFIX_PATH="$prefix" -DWANTED=99 >log 2>&1 || ! grep -q "libhpoConfig.cmake, version:" log; then
        echo "find_package accepts another major version:" && cat log && exit 1
    fi
    ;;
subproject)
    mkdir -p consumer/subprojects
    cp "$here/consumer.c" "$here/subproject/meson.build" consumer/
    ln -s "$source" consumer/subprojects/libhpo
    meson setup consumer build --wrap-mode=forcefallback "-Dlibhpo:$gsl_option" "-Dlibhpo:$openblas_option"
    meson test -C build --print-errorlogs
    ;;
esac
