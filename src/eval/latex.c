#include "eval/latex.h"

#include <string.h>

static const char *escaped(char c)
{
    switch (c) {
    case '\\':
        return "\\textbackslash{}";
    case '~':
        return "\\textasciitilde{}";
    case '^':
        return "\\textasciicircum{}";
    case '&':
        return "\\&";
    case '%':
        return "\\%";
    case '$':
        return "\\$";
    case '#':
        return "\\#";
    case '_':
        return "\\_";
    case '{':
        return "\\{";
    case '}':
        return "\\}";
    default:
        return NULL;
    }
}

weft_status weft__latex_escape(weft__text *text, const char *plain)
{
    weft__text clean = {0};
    WEFT_TRY(weft__text_cell(&clean, plain, 0, false));
    weft_status status = WEFT_OK;
    for (const char *c = clean.data ? clean.data : ""; status == WEFT_OK && *c; c++) {
        const char *other = escaped(*c);
        status = other ? weft__text_append(text, other, strlen(other))
                       : weft__text_append(text, c, 1);
    }
    weft__text_clear(&clean);
    return status;
}

weft_status weft__latex_begin(weft__text *text, const char *columns)
{
    return weft__text_printf(text, "\\begin{tabular}{%s}\n  \\toprule\n", columns);
}

weft_status weft__latex_end(weft__text *text)
{
    return weft__text_printf(text, "  \\bottomrule\n\\end{tabular}\n");
}
