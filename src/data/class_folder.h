/* A class's name as a folder's, and back: "T-shirt/top" is "T-shirt%2Ftop". */
#ifndef WEFT_DATA_CLASS_FOLDER_H
#define WEFT_DATA_CLASS_FOLDER_H

#include "weft/status.h"

/* A slash, a percent sign, and a dot in front (hidden files are skipped) become % and two
 * hexadecimal digits. *out is owned by the caller. */
WEFT_MUST weft_status weft__class_to_folder(char **out, const char *name);
/* The inverse; every other name stays as it is. */
WEFT_MUST weft_status weft__class_from_folder(char **out, const char *folder);

#endif
