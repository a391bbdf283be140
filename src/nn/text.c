#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "nn/layers/layers.h"
#include "nn/network.h"
#include "nn/sizes.h"

enum { LONGEST_TEXT = 1 << 20, MOST_LAYERS = 4096, DEEPEST = 16, LONGEST_WORD = 256 };

/* Where the parser is. */
struct parser {
    weft__network *network;
    const char *where;
    int line;
    size_t value; /* what the next layer takes as input */
    weft__sizes sizes;
    struct {
        size_t entry, main; /* values at `residual` and at `shortcut` */
        bool has_shortcut;
        int line;
    } open[DEEPEST]; /* residual blocks not yet ended */
    size_t depth;
};

static weft_status complain(const struct parser *p, const char *message)
{
    return weft_fail(WEFT_EFORMAT, "%s, line %d: %s", p->where, p->line, message);
}

/* What was just found wrong, with its place. */
static weft_status complain_of(const struct parser *p, const char *word)
{
    return weft_fail(
        WEFT_EFORMAT, "%s, line %d: %s: %s", p->where, p->line, word, weft_error());
}

static const char *kind_name(const void *unused, size_t i)
{
    (void)unused;
    return weft__layer_kinds[i] ? weft__layer_kinds[i]->name : NULL;
}

static const weft__layer_kind *find_kind(const char *name)
{
    for (const weft__layer_kind *const *kind = weft__layer_kinds; *kind; kind++)
        if (strcmp((*kind)->name, name) == 0)
            return *kind;
    return NULL;
}

static weft_status add_node(
    struct parser *p, const weft__layer_kind *kind, weft__node **out)
{
    weft__network *network = p->network;
    if (network->node_count == MOST_LAYERS)
        return complain(p, "more layers than the 4096 allowed");
    WEFT_TRY(weft__grow(&network->nodes, &network->node_capacity, network->node_count + 1,
        sizeof *network->nodes, "layers"));
    weft__node *node = &network->nodes[network->node_count];
    *node = (weft__node){.kind = kind, .line = p->line, .inputs = 1, .input = {p->value}};
    int number = 1;
    for (size_t i = 0; i < network->node_count; i++)
        number += network->nodes[i].kind == kind;
    snprintf(node->name, sizeof node->name, "%.20s%d", kind->name, number);
    WEFT_TRY(weft__calloc(&node->options, 1, kind->options_size ? kind->options_size : 1,
        "a layer's options"));
    network->node_count++;
    p->value = network->node_count;
    *out = node;
    return kind->params ? weft_param_defaults(kind->params, node->options) : WEFT_OK;
}

static weft_status set_option(
    struct parser *p, weft__node *node, const char *name, const char *value)
{
    static const weft_param none[] = {{0}};
    const weft_param *params = node->kind->params ? node->kind->params : none;
    weft_status status = weft_param_set(params, node->options, name, value);
    if (status == WEFT_OK)
        return WEFT_OK;
    return complain_of(p, node->kind->name);
}

static weft_status read_layer(struct parser *p, const char *word, char **rest)
{
    const weft__layer_kind *kind = find_kind(word);
    if (!kind) {
        const char *near = weft__nearest(word, kind_name, NULL);
        return near ? weft_fail(WEFT_EFORMAT,
                          "%s, line %d: no layer '%s': did you mean '%s'?", p->where,
                          p->line, word, near)
                    : weft_fail(WEFT_EFORMAT, "%s, line %d: no layer '%s'", p->where,
                          p->line, word);
    }
    weft__node *node;
    WEFT_TRY(add_node(p, kind, &node));
    bool argument_given = false;
    for (char *word_read; (word_read = strtok_r(NULL, " \t", rest));) {
        char item[LONGEST_WORD];
        if (weft__sizes_expand(&p->sizes, word_read, item, sizeof item) != WEFT_OK)
            return complain_of(p, kind->name);
        char *equals = strchr(item, '=');
        if (equals) {
            *equals = 0;
            WEFT_TRY(set_option(p, node, item, equals + 1));
        } else if (kind->argument && !argument_given) {
            WEFT_TRY(set_option(p, node, kind->argument, item));
            argument_given = true;
        } else {
            return weft_fail(WEFT_EFORMAT, "%s, line %d: %s: '%s': expected option=value",
                p->where, p->line, kind->name, item);
        }
    }
    return WEFT_OK;
}

static weft_status open_residual(struct parser *p)
{
    if (p->depth == DEEPEST)
        return complain(p, "residual blocks nested deeper than 16");
    p->open[p->depth].entry = p->value;
    p->open[p->depth].has_shortcut = false;
    p->open[p->depth].line = p->line;
    p->depth++;
    return WEFT_OK;
}

static weft_status begin_shortcut(struct parser *p)
{
    if (p->depth == 0 || p->open[p->depth - 1].has_shortcut)
        return complain(p, "'shortcut' outside a residual block, or a second one");
    p->open[p->depth - 1].has_shortcut = true;
    p->open[p->depth - 1].main = p->value;
    p->value = p->open[p->depth - 1].entry;
    return WEFT_OK;
}

static weft_status end_residual(struct parser *p)
{
    if (p->depth == 0)
        return complain(p, "'end' without 'residual'");
    p->depth--;
    size_t entry = p->open[p->depth].entry;
    bool has_shortcut = p->open[p->depth].has_shortcut;
    size_t main_path = has_shortcut ? p->open[p->depth].main : p->value;
    size_t other = has_shortcut ? p->value : entry;
    if (main_path == entry)
        return complain(p, "a residual block without layers");
    weft__node *node;
    WEFT_TRY(add_node(p, &weft__layer_add, &node));
    node->inputs = 2;
    node->input[0] = main_path;
    node->input[1] = other;
    return WEFT_OK;
}

static weft_status set_heading(struct parser *p, char **field, const char *rest)
{
    if (**field)
        return complain(p, "given twice");
    free(*field);
    *field = NULL;
    return weft__strdup(field, rest + strspn(rest, " \t"));
}

static weft_status read_sizes(struct parser *p, const char *rest)
{
    if (p->sizes.count)
        return complain(p, "sizes: given twice");
    return weft__sizes_read(&p->sizes, rest) == WEFT_OK ? WEFT_OK : complain_of(p, "sizes");
}

static weft_status read_line(struct parser *p, char *line)
{
    weft__network *network = p->network;
    line[strcspn(line, "#\r")] = 0;
    for (size_t n = strlen(line); n && (line[n - 1] == ' ' || line[n - 1] == '\t');)
        line[--n] = 0;
    char *rest;
    char *word = strtok_r(line, " \t", &rest);
    if (!word)
        return WEFT_OK;
    if (strcmp(word, "title") == 0)
        return set_heading(p, &network->title, rest);
    if (strcmp(word, "source") == 0)
        return set_heading(p, &network->source, rest);
    if (strcmp(word, "train") == 0)
        return set_heading(p, &network->train, rest);
    if (strcmp(word, "pictures") == 0)
        return set_heading(p, &network->pictures, rest);
    if (strcmp(word, "sizes") == 0)
        return read_sizes(p, rest);
    if (strcmp(word, "residual") == 0)
        return open_residual(p);
    if (strcmp(word, "shortcut") == 0)
        return begin_shortcut(p);
    if (strcmp(word, "end") == 0)
        return end_residual(p);
    return read_layer(p, word, &rest);
}

static weft_status read_text(struct parser *p, char *copy)
{
    for (char *line = copy; line;) {
        char *newline = strchr(line, '\n');
        if (newline)
            *newline = 0;
        p->line++;
        WEFT_TRY(read_line(p, line));
        line = newline ? newline + 1 : NULL;
    }
    if (p->depth) {
        p->line = p->open[p->depth - 1].line;
        return complain(p, "'residual' without 'end'");
    }
    if (p->network->node_count == 0)
        return complain(p, "no layer in the whole text");
    return WEFT_OK;
}

weft_status weft__network_parse(weft__network *out, const char *text, const char *where)
{
    *out = (weft__network){0};
    if (strlen(text) > LONGEST_TEXT)
        return weft_fail(WEFT_EFORMAT, "%s: network text longer than a megabyte", where);
    struct parser p = {.network = out, .where = where};
    char *copy = NULL;
    weft_status status = weft__strdup(&out->text, text);
    char **headings[] = {&out->title, &out->source, &out->train, &out->pictures};
    for (size_t i = 0; status == WEFT_OK && i < 4; i++)
        status = weft__strdup(headings[i], "");
    if (status == WEFT_OK)
        status = weft__strdup(&copy, text);
    if (status == WEFT_OK)
        status = read_text(&p, copy);
    free(copy);
    if (status != WEFT_OK)
        weft__network_clear(out);
    return status;
}

void weft__network_clear(weft__network *network)
{
    for (size_t i = 0; i < network->node_count; i++) {
        if (network->nodes[i].kind->params)
            weft_param_clear(network->nodes[i].kind->params, network->nodes[i].options);
        free(network->nodes[i].options);
    }
    free(network->nodes);
    free(network->parameters);
    free(network->text);
    free(network->title);
    free(network->source);
    free(network->train);
    free(network->pictures);
    *network = (weft__network){0};
}
