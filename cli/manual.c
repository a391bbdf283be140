#include "help.h"

#include "parse.h"

/* roff takes a hyphen for a soft one, and a leading dot for a request. */
static void text(FILE *out, const char *words)
{
    for (const char *c = words; *c; c++) {
        if (*c == '-' || *c == '\\')
            fputc('\\', out);
        if ((*c == '.' || *c == '\'') && (c == words || c[-1] == '\n'))
            fputs("\\&", out);
        fputc(*c, out);
    }
}

static void option(FILE *out, const weft_param *param)
{
    char limits[128];
    fputs(".TP\n\\fB\\-\\-", out);
    text(out, param->name);
    fputs("\\fR", out);
    if (*option_value(param)) {
        fputs(" \\fI", out);
        text(out, option_value(param));
        fputs("\\fR", out);
    }
    fputc('\n', out);
    text(out, param->help);
    option_limits(param, limits, sizeof limits);
    if (*limits) {
        fputs(" (", out);
        text(out, limits);
        fputc(')', out);
    }
    fputc('\n', out);
}

static void command(FILE *out, const struct command *command)
{
    fputs(".SS \"weft ", out);
    text(out, command->name);
    fputc(' ', out);
    text(out, command->arguments);
    fputs("\"\n", out);
    text(out, command->summary);
    fputs(".\n", out);
    if (command->details) {
        fputs(".PP\n", out);
        text(out, command->details);
        fputc('\n', out);
    }
    for (const weft_param *p = command->options; p && p->name; p++)
        option(out, p);
    if (command->example) {
        fputs(".PP\n.nf\n.RS\n", out);
        text(out, command->example);
        fputs("\n.RE\n.fi\n", out);
    }
}

void write_manual(FILE *out)
{
    fprintf(out, ".TH WEFT 1 \"\" \"weft %s\" \"User commands\"\n", weft_version());
    fputs(".SH NAME\nweft \\- labelled pictures to a compared, usable classifier\n"
          ".SH SYNOPSIS\n\\fBweft\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...] "
          "[\\fIOPTION\\fR...]\n.SH COMMANDS\n",
        out);
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            command(out, commands[i]);
    fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
    for (const weft_param *p = global_table; p->name; p++)
        option(out, p);
    fputs(".SH OPTIONS OF CLASSIFIERS\n", out);
    for (size_t i = 0; i < weft_classifier_catalogue_size(); i++) {
        const weft_classifier_info *info = weft_classifier_catalogue(i);
        fprintf(out, ".SS \"%s\"\n", info->name);
        text(out, info->title);
        fputs(".\n", out);
        for (const weft_param *p = info->params; p->name; p++)
            option(out, p);
    }
    fputs(".SH EXIT STATUS\n"
          ".TP\n0\ndone\n.TP\n1\nfailed\n.TP\n2\nwrong usage\n"
          ".TP\n3\na gate said no\n.TP\n130\ninterrupted\n"
          ".SH ENVIRONMENT\n"
          ".TP\nWEFT_DATA\nthe folder that named datasets are looked for in\n"
          ".TP\nXDG_CACHE_HOME\nwhere the cache lies; ~/.cache otherwise\n",
        out);
}
