#include "nn/onednn.h"

#include <dnnl.h>
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct weft__primitive {
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_memory_t memory[WEFT__OPERANDS]; /* NULL: not an operand */
    dnnl_exec_arg_t arguments[WEFT__OPERANDS];
    int argument_count;
};

static dnnl_engine_t engine;
static dnnl_status_t engine_status;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

static void make_engine(void)
{
    engine_status = dnnl_engine_create(&engine, dnnl_cpu, 0);
}

static weft_status failed(dnnl_status_t status, const char *doing)
{
    static const char *const names[] = {"success", "out of memory", "invalid arguments",
        "unimplemented", "iterator ends", "runtime error", "not required"};
    const char *name = (size_t)status < sizeof names / sizeof *names ? names[status] : "?";
    return weft_fail(status == dnnl_out_of_memory ? WEFT_ENOMEM : WEFT_EUNSUPPORTED,
        "oneDNN cannot %s: %s", doing, name);
}

#define TRY_DNNL(expression, doing) \
    do { \
        dnnl_status_t dnnl_status_ = (expression); \
        if (dnnl_status_ != dnnl_success) \
            return failed(dnnl_status_, doing); \
    } while (0)

static weft_status need_engine(void)
{
    pthread_once(&engine_once, make_engine);
    TRY_DNNL(engine_status, "start");
    return WEFT_OK;
}

bool weft__has_bf16(void)
{
    /* The values are bit sets: each ISA includes those below it. */
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) ==
           dnnl_cpu_isa_avx512_core_bf16;
}

bool weft__has_bf16_vectors_only(void)
{
    return dnnl_get_effective_cpu_isa() == dnnl_cpu_isa_avx512_core_bf16;
}

const char *weft__onednn_description(void)
{
    static _Thread_local char text[64];
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, sizeof text, "oneDNN %d.%d.%d%s", version->major, version->minor,
        version->patch, weft__has_bf16() ? ", bf16" : "");
    return text;
}

static dnnl_data_type_t data_type(weft__real real)
{
    return real == WEFT__REAL_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* What oneDNN calls the operands, and where to ask for their formats. */
static const struct {
    int argument;
    dnnl_query_t query;
    int index;
} operands[WEFT__OPERANDS] = {
    [WEFT__SRC] = {DNNL_ARG_SRC, dnnl_query_src_md, 0},
    [WEFT__WEIGHTS] = {DNNL_ARG_WEIGHTS, dnnl_query_weights_md, 0},
    [WEFT__BIAS] = {DNNL_ARG_BIAS, dnnl_query_weights_md, 1},
    [WEFT__DST] = {DNNL_ARG_DST, dnnl_query_dst_md, 0},
    [WEFT__DIFF_SRC] = {DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md, 0},
    [WEFT__DIFF_WEIGHTS] = {DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md, 0},
    [WEFT__DIFF_BIAS] = {DNNL_ARG_DIFF_BIAS, dnnl_query_diff_weights_md, 1},
    [WEFT__DIFF_DST] = {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0},
    [WEFT__SCRATCH] = {DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md, 0},
};

static weft_status add_operand(
    weft__primitive *p, weft__operand operand, const dnnl_memory_desc_t *md)
{
    TRY_DNNL(dnnl_memory_create(&p->memory[operand], md, engine, DNNL_MEMORY_NONE),
        "describe memory");
    p->arguments[p->argument_count].arg = operands[operand].argument;
    p->arguments[p->argument_count].memory = p->memory[operand];
    p->argument_count++;
    return WEFT_OK;
}

static weft_status build(
    weft__primitive *p, const_dnnl_primitive_desc_t pd, const char *doing)
{
    TRY_DNNL(dnnl_primitive_create(&p->primitive, pd), doing);
    TRY_DNNL(dnnl_stream_create(&p->stream, engine, dnnl_stream_default_flags), doing);
    for (int i = 0; i < WEFT__OPERANDS; i++) {
        const dnnl_memory_desc_t *md =
            dnnl_primitive_desc_query_md(pd, operands[i].query, operands[i].index);
        if (md && md->ndims > 0 && dnnl_memory_desc_get_size(md) > 0)
            WEFT_TRY(add_operand(p, (weft__operand)i, md));
    }
    return WEFT_OK;
}

/* Takes a primitive descriptor (consumed) to a primitive. */
static weft_status finish(
    weft__primitive **out, dnnl_primitive_desc_t pd, const char *doing)
{
    weft__primitive *p;
    weft_status status = weft__calloc(&p, 1, sizeof *p, "a primitive");
    if (status == WEFT_OK) {
        status = build(p, pd, doing);
        if (status == WEFT_OK)
            *out = p;
        else
            weft__primitive_free(p);
    }
    dnnl_primitive_desc_destroy(pd);
    return status;
}

/* The first of oneDNN's implementations, which it lists by its own preference; where
 * `direct`, the first that is not its batch-reduce convolution. */
static dnnl_status_t choose(dnnl_primitive_desc_t *pd, const void *desc,
    const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint, bool direct)
{
    dnnl_primitive_desc_iterator_t each;
    dnnl_status_t status =
        dnnl_primitive_desc_iterator_create(&each, desc, attributes, engine, hint);
    if (status != dnnl_success)
        return status;
    *pd = dnnl_primitive_desc_iterator_fetch(each);
    if (direct && dnnl_primitive_desc_iterator_next(each) == dnnl_success) {
        dnnl_primitive_desc_t second = dnnl_primitive_desc_iterator_fetch(each), not_taken;
        const char *name[2] = {"", ""};
        dnnl_primitive_desc_query(*pd, dnnl_query_impl_info_str, 0, &name[0]);
        dnnl_primitive_desc_query(second, dnnl_query_impl_info_str, 0, &name[1]);
        bool taken =
            strncmp(name[0], "brgconv:", 8) == 0 && strncmp(name[1], "jit", 3) == 0;
        not_taken = taken ? *pd : second;
        *pd = taken ? second : *pd;
        dnnl_primitive_desc_destroy(not_taken);
    }
    dnnl_primitive_desc_iterator_destroy(each);
    return *pd ? dnnl_success : dnnl_out_of_memory;
}

/* What a plan asks of a primitive beside its descriptor. */
struct wishes {
    bool relu;   /* after it */
    bool direct; /* see `choose` */
    const_dnnl_primitive_desc_t hint;
};

/* Plans `desc` for one thread, with the scratch memory given by us. */
static weft_status plan(
    weft__primitive **out, const void *desc, struct wishes wishes, const char *doing)
{
    dnnl_primitive_attr_t attributes;
    TRY_DNNL(dnnl_primitive_attr_create(&attributes), doing);
    dnnl_status_t status =
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success && wishes.relu) {
        dnnl_post_ops_t after;
        status = dnnl_post_ops_create(&after);
        if (status == dnnl_success) {
            status = dnnl_post_ops_append_eltwise(after, 1, dnnl_eltwise_relu, 0, 0);
            if (status == dnnl_success)
                status = dnnl_primitive_attr_set_post_ops(attributes, after);
            dnnl_post_ops_destroy(after);
        }
    }
    dnnl_primitive_desc_t pd = NULL;
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    if (status == dnnl_success)
        status = choose(&pd, desc, attributes, wishes.hint, wishes.direct);
    weft_status answer =
        status == dnnl_success ? finish(out, pd, doing) : failed(status, doing);
    omp_set_num_threads(threads);
    dnnl_primitive_attr_destroy(attributes);
    return answer;
}

/* The descriptors of a convolution's operands. */
struct conv_descs {
    dnnl_memory_desc_t src, weights, bias, dst;
    dnnl_dims_t strides, dilates, pad_begin, pad_end;
};

static weft_status weights_desc(
    dnnl_memory_desc_t *md, const weft__conv *c, dnnl_data_type_t type, bool plain)
{
    dnnl_dim_t k = (dnnl_dim_t)c->kernel, g = (dnnl_dim_t)c->groups;
    dnnl_dims_t dims = {(dnnl_dim_t)c->out_channels, (dnnl_dim_t)c->in_channels, k, k};
    dnnl_dims_t grouped = {
        g, (dnnl_dim_t)c->out_channels / g, (dnnl_dim_t)c->in_channels / g, k, k};
    if (g > 1)
        TRY_DNNL(dnnl_memory_desc_init_by_tag(
                     md, 5, grouped, type, plain ? dnnl_hwigo : dnnl_format_tag_any),
            "describe convolution weights");
    else
        TRY_DNNL(dnnl_memory_desc_init_by_tag(
                     md, 4, dims, type, plain ? dnnl_hwio : dnnl_format_tag_any),
            "describe convolution weights");
    return WEFT_OK;
}

static weft_status describe_conv(struct conv_descs *d, const weft__conv *c, weft__real real,
    dnnl_data_type_t weights_type)
{
    dnnl_dims_t src = {(dnnl_dim_t)c->batch, (dnnl_dim_t)c->in_channels,
        (dnnl_dim_t)c->in_height, (dnnl_dim_t)c->in_width};
    dnnl_dims_t dst = {(dnnl_dim_t)c->batch, (dnnl_dim_t)c->out_channels,
        (dnnl_dim_t)c->out_height, (dnnl_dim_t)c->out_width};
    dnnl_dims_t bias = {(dnnl_dim_t)c->out_channels};
    const char *doing = "describe a convolution";
    TRY_DNNL(
        dnnl_memory_desc_init_by_tag(&d->src, 4, src, data_type(real), dnnl_nhwc), doing);
    TRY_DNNL(
        dnnl_memory_desc_init_by_tag(&d->dst, 4, dst, data_type(real), dnnl_nhwc), doing);
    TRY_DNNL(dnnl_memory_desc_init_by_tag(&d->bias, 1, bias, dnnl_f32, dnnl_a), doing);
    WEFT_TRY(weights_desc(&d->weights, c, weights_type, false));
    for (int i = 0; i < 2; i++) {
        d->strides[i] = (dnnl_dim_t)c->stride;
        d->dilates[i] = (dnnl_dim_t)c->dilation - 1;
    }
    d->pad_begin[0] = (dnnl_dim_t)c->pad_top;
    d->pad_begin[1] = (dnnl_dim_t)c->pad_left;
    d->pad_end[0] = (dnnl_dim_t)c->pad_bottom;
    d->pad_end[1] = (dnnl_dim_t)c->pad_right;
    return WEFT_OK;
}

static weft_status forward_desc(
    dnnl_convolution_desc_t *desc, struct conv_descs *d, bool bias, bool training)
{
    TRY_DNNL(dnnl_dilated_convolution_forward_desc_init(desc,
                 training ? dnnl_forward_training : dnnl_forward_inference,
                 dnnl_convolution_direct, &d->src, &d->weights, bias ? &d->bias : NULL,
                 &d->dst, d->strides, d->dilates, d->pad_begin, d->pad_end),
        "describe a convolution");
    return WEFT_OK;
}

/* Backward passes are planned beside the forward pass they belong to. */
static weft_status forward_hint(
    dnnl_primitive_desc_t *hint, const weft__conv *conv, weft__real real, bool bias)
{
    struct conv_descs d;
    dnnl_convolution_desc_t desc;
    WEFT_TRY(describe_conv(&d, conv, real, data_type(real)));
    WEFT_TRY(forward_desc(&desc, &d, bias, true));
    TRY_DNNL(
        dnnl_primitive_desc_create(hint, &desc, NULL, engine, NULL), "plan a convolution");
    return WEFT_OK;
}

/* oneDNN prefers its batch-reduce kernel, which computes a padded picture's border apart;
 * with few channels or small pictures that costs more than it gains: with 16 channels of
 * 28 x 28, 290 GFLOP/s of one core against the older direct kernel's 490. */
static bool prefers_direct(const weft__conv *c)
{
    return c->kernel > 1 && c->pad_top + c->pad_bottom > 0 && c->groups == 1 &&
           (c->in_channels <= 32 || c->out_width <= 8);
}

weft_status weft__conv_forward(weft__primitive **out, const weft__conv *conv,
    weft__real real, bool bias, bool relu, bool training)
{
    struct conv_descs d;
    dnnl_convolution_desc_t desc;
    WEFT_TRY(need_engine());
    WEFT_TRY(describe_conv(&d, conv, real, data_type(real)));
    WEFT_TRY(forward_desc(&desc, &d, bias, training));
    return plan(out, &desc, (struct wishes){.relu = relu, .direct = prefers_direct(conv)},
        "plan a convolution");
}

weft_status weft__conv_backward_data(
    weft__primitive **out, const weft__conv *conv, weft__real real)
{
    const char *doing = "plan a convolution's data gradient";
    struct conv_descs d;
    dnnl_convolution_desc_t desc;
    WEFT_TRY(need_engine());
    WEFT_TRY(describe_conv(&d, conv, real, data_type(real)));
    TRY_DNNL(
        dnnl_dilated_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct,
            &d.src, &d.weights, &d.dst, d.strides, d.dilates, d.pad_begin, d.pad_end),
        doing);
    dnnl_primitive_desc_t hint;
    WEFT_TRY(forward_hint(&hint, conv, real, true));
    weft_status status = plan(out, &desc, (struct wishes){.hint = hint}, doing);
    dnnl_primitive_desc_destroy(hint);
    return status;
}

weft_status weft__conv_backward_weights(
    weft__primitive **out, const weft__conv *conv, weft__real real, bool bias)
{
    const char *doing = "plan a convolution's weight gradient";
    struct conv_descs d;
    dnnl_convolution_desc_t desc;
    WEFT_TRY(need_engine());
    WEFT_TRY(describe_conv(&d, conv, real, dnnl_f32));
    TRY_DNNL(dnnl_dilated_convolution_backward_weights_desc_init(&desc,
                 dnnl_convolution_direct, &d.src, &d.weights, bias ? &d.bias : NULL, &d.dst,
                 d.strides, d.dilates, d.pad_begin, d.pad_end),
        doing);
    dnnl_primitive_desc_t hint;
    WEFT_TRY(forward_hint(&hint, conv, real, bias));
    weft_status status = plan(out, &desc, (struct wishes){.hint = hint}, doing);
    dnnl_primitive_desc_destroy(hint);
    return status;
}

static weft_status matrix_desc(dnnl_memory_desc_t *md, const weft__matrix *m)
{
    dnnl_dims_t dims = {(dnnl_dim_t)m->rows, (dnnl_dim_t)m->columns};
    dnnl_dims_t strides = {(dnnl_dim_t)m->row_stride, (dnnl_dim_t)m->column_stride};
    TRY_DNNL(dnnl_memory_desc_init_by_strides(md, 2, dims, data_type(m->real), strides),
        "describe a matrix");
    return WEFT_OK;
}

weft_status weft__matmul(weft__primitive **out, weft__matrix src, weft__matrix weights,
    weft__matrix dst, bool bias, bool relu)
{
    const char *doing = "plan a matrix product";
    dnnl_memory_desc_t a, b, c, added;
    dnnl_matmul_desc_t desc;
    WEFT_TRY(need_engine());
    WEFT_TRY(matrix_desc(&a, &src));
    WEFT_TRY(matrix_desc(&b, &weights));
    WEFT_TRY(matrix_desc(&c, &dst));
    dnnl_dims_t row = {1, (dnnl_dim_t)dst.columns};
    TRY_DNNL(dnnl_memory_desc_init_by_tag(&added, 2, row, dnnl_f32, dnnl_ab), doing);
    TRY_DNNL(dnnl_matmul_desc_init(&desc, &a, &b, bias ? &added : NULL, &c), doing);
    return plan(out, &desc, (struct wishes){.relu = relu}, doing);
}

weft_status weft__sgemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k,
    float alpha, const float *a, size_t lda, const float *b, size_t ldb, float beta,
    float *c, size_t ldc)
{
    TRY_DNNL(dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', (dnnl_dim_t)m,
                 (dnnl_dim_t)n, (dnnl_dim_t)k, alpha, a, (dnnl_dim_t)lda, b,
                 (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc),
        "multiply matrices");
    return WEFT_OK;
}

/* Where a primitive keeps an operand's format. */
static weft_status chosen_desc(
    const weft__primitive *p, weft__operand operand, const dnnl_memory_desc_t **md)
{
    TRY_DNNL(dnnl_memory_get_memory_desc(p->memory[operand], md), "describe memory");
    return WEFT_OK;
}

static weft_status reorder(
    weft__primitive **out, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to)
{
    const char *doing = "plan a reorder";
    dnnl_primitive_attr_t attributes;
    TRY_DNNL(dnnl_primitive_attr_create(&attributes), doing);
    dnnl_primitive_desc_t pd = NULL;
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status =
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status =
            dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, attributes);
    weft_status answer =
        status == dnnl_success ? finish(out, pd, doing) : failed(status, doing);
    omp_set_num_threads(threads);
    dnnl_primitive_attr_destroy(attributes);
    return answer;
}

weft_status weft__reorder_to(weft__primitive **out, const weft__conv *conv,
    weft__real plain, const weft__primitive *target, weft__operand operand)
{
    dnnl_memory_desc_t from;
    const dnnl_memory_desc_t *to;
    WEFT_TRY(weights_desc(&from, conv, data_type(plain), true));
    WEFT_TRY(chosen_desc(target, operand, &to));
    return reorder(out, &from, to);
}

weft_status weft__reorder_from(weft__primitive **out, const weft__conv *conv,
    const weft__primitive *source, weft__operand operand)
{
    const dnnl_memory_desc_t *from;
    dnnl_memory_desc_t to;
    WEFT_TRY(weights_desc(&to, conv, dnnl_f32, true));
    WEFT_TRY(chosen_desc(source, operand, &from));
    return reorder(out, from, &to);
}

size_t weft__primitive_bytes(const weft__primitive *p, weft__operand operand)
{
    const dnnl_memory_desc_t *md;
    if (!p->memory[operand] ||
        dnnl_memory_get_memory_desc(p->memory[operand], &md) != dnnl_success)
        return 0;
    return dnnl_memory_desc_get_size(md);
}

bool weft__primitive_takes_plain(
    const weft__primitive *p, const weft__conv *conv, weft__operand operand)
{
    const dnnl_memory_desc_t *md;
    dnnl_memory_desc_t plain;
    return weights_desc(&plain, conv, dnnl_f32, true) == WEFT_OK &&
           chosen_desc(p, operand, &md) == WEFT_OK && dnnl_memory_desc_equal(md, &plain);
}

weft_status weft__primitive_bind(weft__primitive *p, weft__operand operand, void *data)
{
    if (p->memory[operand])
        TRY_DNNL(dnnl_memory_set_data_handle(p->memory[operand], data), "bind memory");
    return WEFT_OK;
}

weft_status weft__primitive_run(weft__primitive *p)
{
    TRY_DNNL(
        dnnl_primitive_execute(p->primitive, p->stream, p->argument_count, p->arguments),
        "run a primitive");
    return WEFT_OK;
}

void weft__primitive_free(weft__primitive *p)
{
    if (!p)
        return;
    for (int i = 0; i < WEFT__OPERANDS; i++)
        dnnl_memory_destroy(p->memory[i]);
    if (p->stream)
        dnnl_stream_destroy(p->stream);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    free(p);
}
