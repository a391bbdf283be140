/* What the tables of commands say to people: help pages, the manual, completions. */
#ifndef WEFT_CLI_HELP_H
#define WEFT_CLI_HELP_H

#include <stdio.h>

#include "command.h"

void help_program(FILE *out);
/* The subcommands of `group`. */
void help_group(FILE *out, const char *group);
/* `classifier` is the one whose options are shown too, or NULL. */
void help_command(
    FILE *out, const struct command *command, const weft_classifier_info *classifier);
/* A name in the left column, a text, wrapped, in the right one. */
void help_entry(FILE *out, const char *name, const char *text);
/* Option by option, indented. */
void help_options(FILE *out, const weft_param *table);

/* What an option takes, such as "N" or "uniform|distance"; "" for a flag. */
const char *option_value(const weft_param *param);
/* "default 5; 1 to 1000", or "". */
const char *option_limits(const weft_param *param, char *text, size_t size);

void write_manual(FILE *out);
/* shell: "bash", "zsh" or "fish"; false for another. */
bool write_completions(FILE *out, const char *shell);

#endif
