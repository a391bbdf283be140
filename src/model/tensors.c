#include "model/tensors.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"

/* The header's own limit in the reference implementation; and room for any model. */
static const size_t LARGEST_HEADER = 100u << 20, LARGEST_FILE = (size_t)64 << 30;
enum { LENGTH_BYTES = 8, HEADER_ALIGNMENT = 64 };

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [WEFT__U8] = {"U8", 1},
    [WEFT__I8] = {"I8", 1},
    [WEFT__U16] = {"U16", 2},
    [WEFT__I16] = {"I16", 2},
    [WEFT__I32] = {"I32", 4},
    [WEFT__I64] = {"I64", 8},
    [WEFT__BF16] = {"BF16", 2},
    [WEFT__F16] = {"F16", 2},
    [WEFT__F32] = {"F32", 4},
    [WEFT__F64] = {"F64", 8},
};
enum { TYPES = sizeof types / sizeof *types };

size_t weft__dtype_size(weft__dtype dtype)
{
    return types[dtype].size;
}

const char *weft__dtype_name(weft__dtype dtype)
{
    return types[dtype].name;
}

static bool array_bytes(weft__dtype dtype, size_t rank, const size_t *shape, size_t *bytes)
{
    *bytes = types[dtype].size;
    for (size_t i = 0; i < rank; i++)
        if (!weft__mul(bytes, *bytes, shape[i]))
            return false;
    return true;
}

weft_status weft__tensors_add(weft__tensors *tensors, const char *name, weft__dtype dtype,
    size_t rank, const size_t *shape, const void *data)
{
    weft__tensor tensor = {.dtype = dtype, .rank = rank, .data = data};
    if (rank > WEFT__MAX_RANK || !array_bytes(dtype, rank, shape, &tensor.bytes))
        return weft_fail(WEFT_EINVAL, "array '%s' has an impossible shape", name);
    if (rank)
        memcpy(tensor.shape, shape, rank * sizeof *shape);
    WEFT_TRY(weft__grow(&tensors->items, &tensors->capacity, tensors->count + 1,
        sizeof *tensors->items, "a list of arrays"));
    WEFT_TRY(weft__strdup(&tensor.name, name));
    tensors->items[tensors->count++] = tensor;
    return WEFT_OK;
}

weft_status weft__tensors_set(weft__tensors *tensors, const char *key, const char *value)
{
    if (!tensors->metadata)
        tensors->metadata = json_object();
    json_t *text = json_string(value);
    if (!text)
        return weft_fail(WEFT_EFORMAT, "metadata '%s' is not valid UTF-8", key);
    if (json_object_set_new(tensors->metadata, key, text))
        return weft_fail(WEFT_ENOMEM, "no memory for the metadata '%s'", key);
    return WEFT_OK;
}

const char *weft__tensors_get(const weft__tensors *tensors, const char *key)
{
    return json_string_value(json_object_get(tensors->metadata, key));
}

const weft__tensor *weft__tensors_find(const weft__tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->items[i].name, name) == 0)
            return &tensors->items[i];
    return NULL;
}

static void shape_text(char *text, size_t size, size_t rank, const size_t *shape)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (size_t i = 0; i < rank && used < size; i++) {
        const char *comma = i ? ", " : "";
        used +=
            (size_t)(shape[i] == SIZE_MAX
                         ? snprintf(text + used, size - used, "%sany", comma)
                         : snprintf(text + used, size - used, "%s%zu", comma, shape[i]));
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
}

weft_status weft__tensors_need(const weft__tensors *tensors, const char *name,
    weft__dtype dtype, size_t rank, const size_t *shape, const weft__tensor **out)
{
    const char *path = tensors->path ? tensors->path : "model";
    const weft__tensor *found = weft__tensors_find(tensors, name);
    if (!found)
        return weft_fail(WEFT_EFORMAT, "%s: no array '%s'", path, name);
    bool fits = found->dtype == dtype && found->rank == rank;
    for (size_t i = 0; fits && i < rank; i++)
        fits = shape[i] == SIZE_MAX || found->shape[i] == shape[i];
    if (!fits) {
        char is[128], must[128];
        shape_text(is, sizeof is, found->rank, found->shape);
        shape_text(must, sizeof must, rank, shape);
        return weft_fail(WEFT_EFORMAT, "%s: array '%s' is %s %s, expected %s %s", path,
            name, types[found->dtype].name, is, types[dtype].name, must);
    }
    *out = found;
    return WEFT_OK;
}

static int by_name(const void *a, const void *b)
{
    const weft__tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Wide types first, so that every array is aligned for its type; then by name. */
static int by_width(const void *a, const void *b)
{
    const weft__tensor *x = a, *y = b;
    size_t wide_x = types[x->dtype].size, wide_y = types[y->dtype].size;
    return wide_x != wide_y ? (wide_x < wide_y ? 1 : -1) : by_name(a, b);
}

static json_t *header_json(const weft__tensors *tensors)
{
    json_t *header = json_object();
    if (tensors->metadata)
        json_object_set(header, "__metadata__", tensors->metadata);
    size_t offset = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        const weft__tensor *t = &tensors->items[i];
        json_t *shape = json_array();
        for (size_t d = 0; d < t->rank; d++)
            json_array_append_new(shape, json_integer((json_int_t)t->shape[d]));
        json_object_set_new(header, t->name,
            json_pack("{s:s,s:o,s:[I,I]}", "dtype", types[t->dtype].name, "shape", shape,
                "data_offsets", (json_int_t)offset, (json_int_t)(offset + t->bytes)));
        offset += t->bytes;
    }
    return header;
}

weft_status weft__tensors_write(const weft__tensors *tensors, const char *path)
{
    qsort(tensors->items, tensors->count, sizeof *tensors->items, by_width);
    json_t *header = header_json(tensors);
    char *text = header ? json_dumps(header, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(header);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "%s: no memory for the header", path);

    weft__file_writer writer;
    weft_status status = weft__file_begin(&writer, path);
    if (status == WEFT_OK) {
        /* Padded with spaces, as the format allows, so that the arrays are aligned. */
        size_t length = strlen(text);
        size_t padding = -(length + LENGTH_BYTES) % HEADER_ALIGNMENT;
        uint8_t prefix[LENGTH_BYTES];
        for (int i = 0; i < LENGTH_BYTES; i++)
            prefix[i] = (uint8_t)((uint64_t)(length + padding) >> (8 * i));
        fwrite(prefix, 1, sizeof prefix, writer.stream);
        fwrite(text, 1, length, writer.stream);
        for (size_t i = 0; i < padding; i++)
            fputc(' ', writer.stream);
        for (size_t i = 0; i < tensors->count; i++)
            if (tensors->items[i].bytes)
                fwrite(tensors->items[i].data, 1, tensors->items[i].bytes, writer.stream);
        status = weft__file_commit(&writer);
    }
    free(text);
    return status;
}

static weft_status read_shape(
    weft__tensor *tensor, const json_t *shape, const char *path, const char *name)
{
    tensor->rank = json_array_size(shape);
    if (!json_is_array(shape) || tensor->rank > WEFT__MAX_RANK)
        return weft_fail(WEFT_EFORMAT,
            "%s: array '%s': shape is no list of at most %d sizes", path, name,
            WEFT__MAX_RANK);
    for (size_t d = 0; d < tensor->rank; d++) {
        const json_t *size = json_array_get(shape, d);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return weft_fail(
                WEFT_EFORMAT, "%s: array '%s': size %zu is no whole number", path, name, d);
        tensor->shape[d] = (size_t)json_integer_value(size);
    }
    return WEFT_OK;
}

static weft_status read_entry(weft__tensors *out, const char *name, json_t *entry,
    const uint8_t *body, size_t body_size)
{
    const char *path = out->path, *dtype;
    json_t *shape;
    json_int_t begin, end;
    if (json_unpack(entry, "{s:s,s:o,s:[I,I]}", "dtype", &dtype, "shape", &shape,
            "data_offsets", &begin, &end))
        return weft_fail(WEFT_EFORMAT,
            "%s: array '%s': expected dtype, shape and data_offsets", path, name);
    weft__tensor tensor = {0};
    int type = 0;
    while (type < TYPES && strcmp(types[type].name, dtype) != 0)
        type++;
    if (type == TYPES)
        return weft_fail(
            WEFT_EUNSUPPORTED, "%s: array '%s': unknown type '%s'", path, name, dtype);
    tensor.dtype = (weft__dtype)type;
    WEFT_TRY(read_shape(&tensor, shape, path, name));
    size_t bytes;
    if (begin < 0 || end < begin || (uint64_t)end > body_size)
        return weft_fail(WEFT_EFORMAT,
            "%s: array '%s' lies at bytes %lld to %lld of the %zu there are", path, name,
            (long long)begin, (long long)end, body_size);
    if (!array_bytes(tensor.dtype, tensor.rank, tensor.shape, &bytes) ||
        bytes != (size_t)(end - begin))
        return weft_fail(WEFT_EFORMAT,
            "%s: array '%s' has %lld bytes, which its shape and type do not give", path,
            name, (long long)(end - begin));
    if ((size_t)begin % types[type].size != 0)
        return weft_fail(
            WEFT_EFORMAT, "%s: array '%s' is not aligned to its type", path, name);
    return weft__tensors_add(
        out, name, tensor.dtype, tensor.rank, tensor.shape, body + begin);
}

static int by_address(const void *a, const void *b)
{
    const weft__tensor *x = a, *y = b;
    return x->data != y->data ? (x->data < y->data ? -1 : 1)
                              : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* The arrays must fill the body without gap or overlap, as the format demands. */
static weft_status check_cover(weft__tensors *out, const uint8_t *body, size_t body_size)
{
    if (out->count) /* a file without arrays has no list of them */
        qsort(out->items, out->count, sizeof *out->items, by_address);
    const uint8_t *next = body;
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].data != next)
            return weft_fail(WEFT_EFORMAT,
                "%s: array '%s' overlaps another or leaves a gap", out->path,
                out->items[i].name);
        next += out->items[i].bytes;
    }
    if (next != body + body_size)
        return weft_fail(WEFT_EFORMAT, "%s: %zu bytes behind the last array", out->path,
            (size_t)(body + body_size - next));
    return WEFT_OK;
}

static weft_status read_header(
    weft__tensors *out, json_t *header, size_t header_size, size_t file_size)
{
    const uint8_t *body = out->file + LENGTH_BYTES + header_size;
    size_t body_size = file_size - LENGTH_BYTES - header_size;
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0) {
            WEFT_TRY(read_entry(out, name, entry, body, body_size));
            continue;
        }
        const char *key;
        json_t *value;
        if (!json_is_object(entry))
            return weft_fail(WEFT_EFORMAT, "%s: the metadata is no object", out->path);
        json_object_foreach(entry, key, value) if (!json_is_string(value)) return weft_fail(
            WEFT_EFORMAT, "%s: metadata '%s' is no text", out->path, key);
        out->metadata = json_incref(entry);
    }
    return check_cover(out, body, body_size);
}

/* The body must start aligned for the widest type; foreign files need not. */
static void align_body(weft__tensors *out, size_t header_size, size_t *shift, size_t size)
{
    size_t misfit = (LENGTH_BYTES + header_size) % sizeof(uint64_t);
    *shift = misfit ? sizeof(uint64_t) - misfit : 0;
    memmove(out->file + *shift, out->file, size);
}

static weft_status parse(weft__tensors *out, const void *bytes, size_t size)
{
    /* Copied to memory with room to shift the body into alignment. */
    WEFT_TRY(weft__alloc(&out->file, size + sizeof(uint64_t), 1, "a model"));
    memcpy(out->file, bytes, size);
    uint64_t header_size = 0;
    for (int i = 0; size >= LENGTH_BYTES && i < LENGTH_BYTES; i++)
        header_size |= (uint64_t)out->file[i] << (8 * i);
    if (size < LENGTH_BYTES || header_size > LARGEST_HEADER ||
        header_size > size - LENGTH_BYTES)
        return weft_fail(WEFT_EFORMAT,
            "%s: not a safetensors file: %zu bytes, header said to be %llu", out->path,
            size, (unsigned long long)header_size);
    json_error_t error;
    json_t *header = json_loadb((const char *)out->file + LENGTH_BYTES, header_size,
        JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(header)) {
        json_decref(header);
        return weft_fail(WEFT_EFORMAT, "%s: header, byte %d: %s", out->path,
            error.position + LENGTH_BYTES, header ? "no object" : error.text);
    }
    size_t shift;
    uint8_t *start = out->file;
    align_body(out, header_size, &shift, size);
    out->file += shift;
    weft_status status = read_header(out, header, header_size, size);
    out->file = start;
    json_decref(header);
    return status;
}

weft_status weft__tensors_parse(
    weft__tensors *out, const char *where, const void *bytes, size_t size)
{
    *out = (weft__tensors){0};
    weft_status status = weft__strdup(&out->path, where);
    if (status == WEFT_OK)
        status = parse(out, bytes, size);
    if (status != WEFT_OK)
        weft__tensors_clear(out);
    return status;
}

weft_status weft__tensors_read(weft__tensors *out, const char *path)
{
    size_t size;
    uint8_t *bytes;
    *out = (weft__tensors){0};
    WEFT_TRY(weft__file_read(path, LARGEST_FILE, &bytes, &size));
    weft_status status = weft__tensors_parse(out, path, bytes, size);
    free(bytes);
    return status;
}

void weft__tensors_clear(weft__tensors *tensors)
{
    for (size_t i = 0; i < tensors->count; i++)
        free(tensors->items[i].name);
    free(tensors->items);
    json_decref(tensors->metadata);
    free(tensors->file);
    free(tensors->path);
    *tensors = (weft__tensors){0};
}
