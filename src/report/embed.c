/* Run by the build: turns files into the C source of weft__assets.
 *
 *     embed OUTPUT NAME=PATH ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *path)
{
    perror(path);
    exit(1);
}

/* As string literals, a piece a line. Octal escapes have three digits, so that a digit
 * behind them is not taken for one of theirs; '?' is escaped because of trigraphs. */
static size_t write_bytes(FILE *out, FILE *in)
{
    size_t size = 0;
    for (int c; (c = getc(in)) != EOF; size++) {
        if (size % 4096 == 0)
            fputs(size ? "\"\n\"" : "\"", out);
        if (c < 0x20 || c > 0x7E || c == '"' || c == '\\' || c == '?')
            fprintf(out, "\\%03o", c);
        else
            putc(c, out);
    }
    fputs(size ? "\"" : "\"\"", out);
    return size;
}

int main(int argc, char **argv)
{
    FILE *out = argc > 1 ? fopen(argv[1], "wb") : NULL;
    if (!out)
        fail(argc > 1 ? argv[1] : "embed");
    fputs("#include \"report/assets.h\"\n\nconst weft__asset weft__assets[] = {\n", out);
    for (int i = 2; i < argc; i++) {
        char *path = strchr(argv[i], '=');
        if (!path)
            fail(argv[i]);
        *path++ = 0;
        FILE *in = fopen(path, "rb");
        if (!in)
            fail(path);
        fprintf(out, "{\"%s\",\n", argv[i]);
        size_t size = write_bytes(out, in);
        fprintf(out, ",\n%zu},\n", size);
        fclose(in);
    }
    fputs("{0}};\n", out);
    if (ferror(out) || fclose(out))
        fail(argv[1]);
    return 0;
}
