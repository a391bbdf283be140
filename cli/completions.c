#include "help.h"

#include <string.h>

#include "parse.h"

/* All three shells get the same words: commands first, then the options of the command,
 * then the classifiers where it takes one; files otherwise. */

static void option_names(FILE *out, const weft_param *table)
{
    for (; table && table->name; table++)
        fprintf(out, " --%s", table->name);
}

static void words_of(FILE *out, const struct command *command)
{
    option_names(out, command->options);
    option_names(out, global_table);
    for (size_t i = 0; command->classifier && i < weft_classifier_catalogue_size(); i++)
        fprintf(out, " %s", weft_classifier_catalogue(i)->name);
}

/* The commands' first words; every name once. */
static void first_words(FILE *out)
{
    for (size_t i = 0; commands[i]; i++) {
        const char *name = commands[i]->name;
        size_t n = strcspn(name, " ");
        bool seen = commands[i]->hidden;
        for (size_t j = 0; j < i; j++)
            seen |= strcspn(commands[j]->name, " ") == n &&
                    strncmp(commands[j]->name, name, n) == 0;
        if (!seen)
            fprintf(out, " %.*s", (int)n, name);
    }
}

static void second_words(FILE *out, const char *group, size_t n)
{
    for (size_t i = 0; commands[i]; i++)
        if (strncmp(commands[i]->name, group, n) == 0 && commands[i]->name[n] == ' ')
            fprintf(out, " %s", commands[i]->name + n + 1);
}

/* One branch for each command, and for each group the one that offers its second words. */
static void cases(FILE *out)
{
    for (size_t i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        size_t n = strcspn(command->name, " ");
        if (command->hidden)
            continue;
        fprintf(
            out, command->name[n] ? "    '%s '*) echo" : "    '%s'*) echo", command->name);
        words_of(out, command);
        fputs(" ;;\n", out);
        bool last =
            !commands[i + 1] || strncmp(commands[i + 1]->name, command->name, n + 1);
        if (command->name[n] && last) {
            fprintf(out, "    '%.*s '*) echo", (int)n, command->name);
            second_words(out, command->name, n);
            fputs(" ;;\n", out);
        }
    }
}

/* Prints the words that may follow "$1", the words after `weft` with a space behind each.
 */
static void words_function(FILE *out)
{
    fputs("_weft_words() {\n    case \"$1\" in\n    '') echo", out);
    first_words(out);
    fputs(" ;;\n", out);
    cases(out);
    fputs("    esac\n}\n", out);
}

static void bash(FILE *out)
{
    fputs("# bash completion for weft\n", out);
    words_function(out);
    fputs("_weft() {\n"
          "    local before=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
          "    COMPREPLY=($(compgen -W \"$(_weft_words \"${before:+$before }\")\" -- "
          "\"$word\"))\n"
          "}\n"
          "complete -o default -F _weft weft\n",
        out);
}

static void zsh(FILE *out)
{
    fputs("#compdef weft\n", out);
    words_function(out);
    fputs("_weft() {\n"
          "    local before=\"${words[2,CURRENT-1]}\"\n"
          "    compadd -- $(_weft_words \"${before:+$before }\")\n"
          "    _files\n"
          "}\n"
          "_weft \"$@\"\n",
        out);
}

static void fish(FILE *out)
{
    for (size_t i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        size_t n = strcspn(command->name, " ");
        if (command->hidden)
            continue;
        if (command->name[n])
            fprintf(out,
                "complete -c weft -n '__fish_seen_subcommand_from %.*s' -a '%s' -d '%s'\n",
                (int)n, command->name, command->name + n + 1, command->summary);
        else
            fprintf(out, "complete -c weft -n __fish_use_subcommand -a '%s' -d '%s'\n",
                command->name, command->summary);
        for (const weft_param *p = command->options; p && p->name; p++)
            fprintf(out, "complete -c weft -n '__fish_seen_subcommand_from %s' -l %s%s\n",
                command->name + (command->name[n] ? n + 1 : 0), p->name,
                p->type == WEFT_PARAM_FLAG ? "" : " -r");
    }
    for (const weft_param *p = global_table; p->name; p++)
        fprintf(out, "complete -c weft -l %s%s\n", p->name,
            p->type == WEFT_PARAM_FLAG ? "" : " -r");
}

bool write_completions(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(out);
    else if (strcmp(shell, "fish") == 0)
        fish(out);
    else
        return false;
    return true;
}
