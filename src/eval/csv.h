/* Numbers in CSV; only src/eval includes this. */
#ifndef WEFT_EVAL_CSV_H
#define WEFT_EVAL_CSV_H

#include <stddef.h>

/* The shortest number that reads back the same; nothing for what is not finite. */
void weft__csv_real(double value, char *text, size_t size);

#endif
