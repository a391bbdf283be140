/* JPEG through libjpeg-turbo. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "core/mem.h"
#include "data/picture.h"
#include "data/product.h"
#include "data/resize.h"

/* A progressive file of more scans than any encoder makes is there to keep us busy. */
enum { MAX_SCANS = 200 };

/* libjpeg's first members, so that a pointer to either is a pointer to both. */
typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    char message[JMSG_LENGTH_MAX];
    const char *path;
    const weft_recipe *recipe;
    weft__picture *out;
    uint8_t *pixels, *row; /* owned; row: one of CMYK */
} decoder;

static void on_error(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    d->errors.format_message(jpeg, d->message);
    longjmp(d->escape, 1);
}

/* A picture whose data ends early is damaged; other oddities are common and harmless. */
static void on_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER))
        on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number > MAX_SCANS) {
        snprintf(d->message, sizeof d->message, "more than %d scans", MAX_SCANS);
        longjmp(d->escape, 1);
    }
}

static int orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 &&
            !memcmp(m->data, "Exif\0", 6))
            return weft__exif_orientation(m->data, m->data_length);
    return WEFT__UPRIGHT;
}

/* The smallest size that libjpeg can decode to which still is twice what the recipe makes
 * of the picture. */
static unsigned reduction(const decoder *d)
{
    uint32_t height = d->jpeg.image_height, width = d->jpeg.image_width;
    if (!d->recipe)
        return 1;
    bool turned = d->out->orientation > 4;
    uint32_t fitted_height, fitted_width;
    weft_recipe recipe = *d->recipe;
    if (recipe.fit == WEFT_FIT_PRODUCT)
        recipe = (weft_recipe){{WEFT__PRODUCT_SIDE, WEFT__PRODUCT_SIDE, 3}, WEFT_FIT_PAD, 0};
    weft__fitted_size(&recipe, turned ? width : height, turned ? height : width,
        turned ? &fitted_width : &fitted_height, turned ? &fitted_height : &fitted_width);
    unsigned by = 8;
    while (by > 1 && (height / by < 2 * (size_t)fitted_height ||
                         width / by < 2 * (size_t)fitted_width))
        by /= 2;
    return by;
}

/* Adobe's files store the inverse of the ink. */
static void cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t count, bool inverse)
{
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++) {
            unsigned ink = cmyk[4 * i + c], black = cmyk[4 * i + 3];
            if (!inverse) {
                ink = 255 - ink;
                black = 255 - black;
            }
            rgb[3 * i + c] = (uint8_t)((ink * black + 127) / 255);
        }
}

static weft_status decode_pixels(decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk                          ? JCS_CMYK
                            : d->out->shape.channels == 1 ? JCS_GRAYSCALE
                                                          : JCS_RGB;
    jpeg->scale_num = 1;
    jpeg->scale_denom = reduction(d);
    jpeg_start_decompress(jpeg);
    size_t width = jpeg->output_width, channels = d->out->shape.channels;
    WEFT_TRY(weft__alloc(
        &d->pixels, jpeg->output_height, width * channels, "a decoded picture"));
    if (cmyk)
        WEFT_TRY(weft__alloc(&d->row, width, 4, "a decoded picture"));
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = d->pixels + jpeg->output_scanline * width * channels;
        uint8_t *row = cmyk ? d->row : to;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (cmyk)
            cmyk_to_rgb(to, row, width, jpeg->saw_Adobe_marker);
    }
    d->out->shape.height = jpeg->output_height;
    d->out->shape.width = jpeg->output_width;
    jpeg_finish_decompress(jpeg);
    return WEFT_OK;
}

static weft_status run(decoder *d, const uint8_t *bytes, size_t size, bool pixels)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    if (setjmp(d->escape))
        return weft_fail(WEFT_EFORMAT, "%s: damaged JPEG: %s", d->path, d->message);
    jpeg_create_decompress(jpeg);
    jpeg->progress = &d->progress;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_mem_src(jpeg, bytes, size);
    jpeg_read_header(jpeg, TRUE);
    d->out->shape = (weft_shape){jpeg->image_height, jpeg->image_width,
        jpeg->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3};
    d->out->orientation = orientation(jpeg);
    WEFT_TRY(weft__check_size(d->path, jpeg->image_height, jpeg->image_width));
    return pixels ? decode_pixels(d) : WEFT_OK;
}

static weft_status decode(weft__picture *out, const char *path, const uint8_t *bytes,
    size_t size, const weft_recipe *recipe, bool pixels)
{
    decoder *d;
    WEFT_TRY(weft__calloc(&d, 1, sizeof *d, "a JPEG decoder"));
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->jpeg.client_data = d;
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->progress.progress_monitor = on_progress;
    d->path = path;
    d->recipe = recipe;
    d->out = out;
    weft_status status = run(d, bytes, size, pixels);
    jpeg_destroy_decompress(&d->jpeg);
    free(d->row);
    if (status == WEFT_OK)
        out->pixels = d->pixels;
    else
        free(d->pixels);
    free(d);
    return status;
}

static bool matches(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

const weft__codec weft__jpeg_codec = {"JPEG", matches, decode};
