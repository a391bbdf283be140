#include "eval/csv.h"

#include <math.h>

#include "core/text.h"

void weft__csv_real(double value, char *text, size_t size)
{
    *text = 0;
    if (isfinite(value))
        weft__format_real(value, text, size);
}
