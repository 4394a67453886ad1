/* Linked into every test program: takes the locale of the environment, as many hosts do. HPO_TEST_COMMA asks for one that writes 0,5. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void take_locale(void) {
    setlocale(LC_ALL, "");
    if (getenv("HPO_TEST_COMMA") && localeconv()->decimal_point[0] != ',') {
        fputs("HPO_TEST_COMMA is set, but the locale of the environment has no decimal comma\n", stderr);
        exit(EXIT_FAILURE);
    }
}
