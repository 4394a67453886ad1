/* Numbers as text, whatever the host's locale. POSIX per-thread locales (uselocale) do the work: the C locale is put in place for one conversion and
 * taken back, which touches this thread only. newlocale(..., "C", 0) needs no memory in the common C libraries; where it fails, the
 * conversion uses the locale that is set. */
#include "base/text.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct borrowed_locale {
    locale_t plain;
    locale_t before;
    int      kept; /* errno */
} borrowed_locale;

static borrowed_locale borrow_plain(void) {
    int             before = errno;
    borrowed_locale held   = {newlocale(LC_ALL_MASK, "C", (locale_t)0), (locale_t)0, before};
    if (held.plain != (locale_t)0)
        held.before = uselocale(held.plain);
    return held;
}

static void give_back(borrowed_locale held) {
    errno = held.kept;
    if (held.plain == (locale_t)0)
        return;
    uselocale(held.before);
    freelocale(held.plain);
}

static bool write_whole(double value, char *buf) {
    if (!(fabs(value) < 1e15) || value != floor(value) || (value == 0.0 && signbit(value)))
        return false;
    snprintf(buf, HPO__NUMBER_SIZE, "%lld", (long long)value);
    return true;
}

const char *hpo__number_text(double value, char *buf) {
    if (isnan(value))
        return memcpy(buf, "nan", sizeof "nan");
    if (isinf(value))
        return value > 0 ? memcpy(buf, "inf", sizeof "inf") : memcpy(buf, "-inf", sizeof "-inf");
    if (write_whole(value, buf))
        return buf;
    borrowed_locale held = borrow_plain();
    /* 15 digits say every number that people write with as many or fewer; denormals have fewer of their own. */
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(buf, HPO__NUMBER_SIZE, "%.*g", digits, value);
        if (digits == 17 || strtod(buf, NULL) == value)
            break;
    }
    give_back(held);
    return buf;
}

/* Decimal only: strtod alone would also take hexadecimal floats, "infinity" and leading spaces. */
static bool looks_decimal(const char *text, size_t n) {
    size_t i = 0, digits = 0;
    if (i < n && (text[i] == '-' || text[i] == '+'))
        i++;
    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++)
        digits++;
    if (i < n && text[i] == '.')
        for (i++; i < n && text[i] >= '0' && text[i] <= '9'; i++)
            digits++;
    if (digits == 0)
        return false;
    if (i < n && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < n && (text[i] == '-' || text[i] == '+'))
            i++;
        size_t first = i;
        while (i < n && text[i] >= '0' && text[i] <= '9')
            i++;
        if (i == first)
            return false;
    }
    return i == n;
}

bool hpo__number_read(const char *text, size_t n, double *value) {
    static const struct {
        const char *text;
        double      value;
    } words[] = {{"inf", (double)INFINITY}, {"+inf", (double)INFINITY}, {"-inf", -(double)INFINITY}, {"nan", (double)NAN}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (n == strlen(words[i].text) && memcmp(text, words[i].text, n) == 0) {
            *value = words[i].value;
            return true;
        }
    if (!looks_decimal(text, n))
        return false;
    /* strtod needs a NUL; a number of more than 400 characters is legal JSON but carries no more information than its first digits and its exponent, which
     * is too rare to be worth memory: refused. */
    char copy[401];
    if (n >= sizeof copy)
        return false;
    memcpy(copy, text, n);
    copy[n]              = '\0';
    borrowed_locale held = borrow_plain();
    *value               = strtod(copy, NULL);
    give_back(held);
    return true;
}

bool hpo__integer_read(const char *text, size_t n, int64_t *value) {
    size_t   i         = 0;
    bool     negative  = n > 0 && text[0] == '-';
    uint64_t magnitude = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (n > 0 && (text[0] == '-' || text[0] == '+'))
        i++;
    if (i == n)
        return false;
    for (; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (magnitude > (limit - digit) / 10)
            return false;
        magnitude = magnitude * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}
