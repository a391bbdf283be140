/* What the machine can do at most, and where a training step's time goes.
 *
 *     nn_profile peak THREADS
 *     nn_profile step NETWORK BATCH f32|bf16 THREADS STEPS [HxWxC]
 *
 * peak prints GFLOP/s of vector multiply-adds that touch no memory, in f32 and in bf16 (0
 * where the processor has no instruction for it; matrix tiles do not count). step prints,
 * layer by layer, rank 0's milliseconds forward and backward, waiting for its fellows
 * included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/events.h"
#include "core/mem.h"
#include "nn/loss.h"
#include "nn/named.h"
#include "nn/optimiser.h"
#include "nn/plan.h"
#include "nn/real.h"
#include "weft/rng.h"

/* Enough independent sums to fill the pipelines: latency 4, two units. */
enum { SUMS = 12 };
static const long ROUNDS = 20000000;

#if defined(__x86_64__)
#define KEEP(a) __asm__ volatile("" ::"v"(a[0]), "v"(a[SUMS / 2]), "v"(a[SUMS - 1]))

__attribute__((target("avx512f"))) static float wide_f32(void)
{
    __m512 a[SUMS], x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.001f);
    for (int i = 0; i < SUMS; i++)
        a[i] = _mm512_set1_ps((float)i);
    for (long n = 0; n < ROUNDS; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++)
            a[i] = _mm512_fmadd_ps(a[i], x, y);
        KEEP(a);
    }
    for (int i = 1; i < SUMS; i++)
        a[0] = _mm512_add_ps(a[0], a[i]);
    return _mm512_reduce_add_ps(a[0]);
}

__attribute__((target("avx2,fma"))) static float narrow_f32(void)
{
    __m256 a[SUMS], x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.001f);
    for (int i = 0; i < SUMS; i++)
        a[i] = _mm256_set1_ps((float)i);
    for (long n = 0; n < ROUNDS; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++)
            a[i] = _mm256_fmadd_ps(a[i], x, y);
        KEEP(a);
    }
    for (int i = 1; i < SUMS; i++)
        a[0] = _mm256_add_ps(a[0], a[i]);
    return _mm256_cvtss_f32(a[0]);
}

__attribute__((target("avx512f,avx512bw,avx512bf16"))) static float wide_bf16(void)
{
    __m512 a[SUMS];
    __m512bh x = (__m512bh)_mm512_set1_epi16(0x3f00);
    __m512bh y = (__m512bh)_mm512_set1_epi16(0x3c00);
    for (int i = 0; i < SUMS; i++)
        a[i] = _mm512_set1_ps((float)i);
    for (long n = 0; n < ROUNDS; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++)
            a[i] = _mm512_dpbf16_ps(a[i], x, y);
        KEEP(a);
    }
    for (int i = 1; i < SUMS; i++)
        a[0] = _mm512_add_ps(a[0], a[i]);
    return _mm512_reduce_add_ps(a[0]);
}
#endif

/* A loop and the operations of one of its instructions; NULL: none for this processor. */
struct loop {
    float (*run)(void);
    int operations;
    double seconds; /* of the slowest thread */
};

static struct loop fastest(bool bf16)
{
#if defined(__x86_64__)
    if (bf16)
        return __builtin_cpu_supports("avx512bf16") ? (struct loop){wide_bf16, 64, 0}
                                                    : (struct loop){0};
    if (__builtin_cpu_supports("avx512f"))
        return (struct loop){wide_f32, 32, 0};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (struct loop){narrow_f32, 16, 0};
#endif
    (void)bf16;
    return (struct loop){0};
}

static weft_status run_loop(const weft__member *self, void *arg)
{
    struct loop *loop = arg;
    weft__team_barrier(self);
    double began = weft__now();
    volatile float sink = loop->run();
    (void)sink;
    weft__team_barrier(self);
    if (self->rank == 0)
        loop->seconds = weft__now() - began;
    return WEFT_OK;
}

/* The best of a few, since anything else on the machine only takes away. */
static weft_status peak(double *gigaflops, bool bf16, weft_context *context)
{
    struct loop loop = fastest(bf16);
    *gigaflops = 0;
    for (int round = 0; loop.run && round < 3; round++) {
        WEFT_TRY(weft__team_run(context, run_loop, &loop));
        double now = (double)ROUNDS * SUMS * loop.operations *
                     weft_context_threads(context) / loop.seconds / 1e9;
        *gigaflops = now > *gigaflops ? now : *gigaflops;
    }
    return WEFT_OK;
}

struct job {
    weft__plan *plan;
    float *block, *slots[WEFT__MAX_SLOTS];
    weft__target *targets;
    size_t steps;
    double loss, update, prepare, total; /* seconds of rank 0 */
};

static const weft__optimiser *adam(void)
{
    const weft__optimiser *found = weft__optimisers;
    while (strcmp(found->name, "adam") != 0)
        found++;
    return found;
}

static weft__update update_of(const weft__plan *plan, const struct job *job, uint64_t step)
{
    return (weft__update){.values = job->block,
        .mirror = plan->mirror,
        .gradients = plan->gradients,
        .slots = {job->slots[0], job->slots[1]},
        .gradient_scale = 1,
        .learning_rate = 1e-4f,
        .beta1 = 0.9f,
        .beta2 = 0.999f,
        .epsilon = 1e-7f,
        .step = step + 1};
}

/* What layers have not done in their backward pass. */
static void update(const weft__exec *x)
{
    const weft__network *network = x->plan->network;
    weft__update u = *x->update;
    for (size_t i = 0; i < network->parameter_count; i++) {
        const weft__parameter *p = &network->parameters[i];
        size_t begin, end;
        u.parts = x->plan->reduced[i] ? 1 : x->plan->members;
        weft__team_share(x->self, p->count, 1024, &begin, &end);
        if (p->trained && !x->plan->stepped[i])
            x->optimiser->update(&u, p->offset + begin, p->offset + end);
    }
}

static weft_status one_step(const weft__exec *x, struct job *job)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    weft__loss_sums sums = {0};
    weft__loss_options o = {.batch = plan->batch};
    WEFT_TRY(weft__exec_forward(x));
    double began = weft__now();
    weft__loss_rows(&sums, weft__rows(plan, m, plan->diff_logits), plan->real,
        weft__rows(plan, m, plan->logits), job->targets + x->first, x->rows,
        plan->network->classes, &o);
    double lost = weft__now();
    weft_status status = weft__exec_backward(x);
    WEFT_TRY(weft__team_agree(x->self, status));
    double met = weft__now();
    update(x);
    weft__team_barrier(x->self);
    double updated = weft__now();
    status = weft__exec_prepare(x, true);
    if (m == 0) {
        job->loss += lost - began;
        job->update += updated - met;
        job->prepare += weft__now() - updated;
    }
    return status;
}

static weft_status all_steps(const weft__member *self, void *arg)
{
    struct job *job = arg;
    weft__plan *plan = job->plan;
    weft__exec x = weft__exec_create(self, plan);
    weft_rng rng = weft_rng_create(1, (uint64_t)self->rank);
    void *input = weft__rows(plan, self->rank, plan->input);
    (void)weft__round_tiny_to_zero(); /* as in training */
    WEFT_TRY(weft__exec_prepare(&x, false));
    double began = 0, *profile = plan->profile;
    enum { WARM = 5 };
    for (x.step = 0; x.step < WARM + job->steps; x.step++) {
        /* The planner may have put something else where the pictures were. */
        for (size_t i = 0; i < x.rows * weft__dims_size(plan->network->input); i++)
            weft__put(input, i, weft_rng_uniform(&rng), plan->real);
        weft__team_barrier(self);
        if (self->rank == 0 && x.step == WARM) {
            memset(profile, 0, 2 * plan->network->node_count * sizeof *profile);
            job->loss = job->update = job->prepare = job->total = 0;
        }
        weft__update u = update_of(plan, job, x.step);
        weft__update_unbias(&u);
        x.optimiser = adam();
        x.update = &u;
        began = weft__now();
        WEFT_TRY(one_step(&x, job));
        if (self->rank == 0)
            job->total += weft__now() - began;
    }
    return WEFT_OK;
}

static void print_profile(const struct job *job)
{
    const weft__network *network = job->plan->network;
    const double *seconds = job->plan->profile, scale = 1e3 / (double)job->steps;
    double flops = 2e-9 * (double)job->plan->batch * (double)job->steps;
    printf("%-20s%-12s%12s%12s%8s%12s\n", "layer", "output", "forward ms", "backward ms",
        "share", "GFLOP/s");
    for (size_t i = 0; i < network->node_count; i++) {
        const weft__node *node = &network->nodes[i];
        char shape[40];
        double both = seconds[2 * i] + seconds[2 * i + 1], work = 0;
        if (node->kind->multiply_adds)
            work = flops * (i ? 3 : 2) * (double)node->kind->multiply_adds(node);
        snprintf(shape, sizeof shape, "%zux%zux%zu", node->out.height, node->out.width,
            node->out.channels);
        printf("%-20s%-12s%12.3f%12.3f%7.1f%%%12.0f\n", node->name, shape,
            scale * seconds[2 * i], scale * seconds[2 * i + 1], 100 * both / job->total,
            both > 0 ? work / both : 0);
    }
    printf("%-32s%24.3f%7.1f%%\n", "loss", scale * job->loss, 100 * job->loss / job->total);
    printf("%-32s%24.3f%7.1f%%\n", "optimiser", scale * job->update,
        100 * job->update / job->total);
    printf("%-32s%24.3f%7.1f%%\n", "weights into layouts", scale * job->prepare,
        100 * job->prepare / job->total);
    printf("%-32s%24.3f%8s%12.0f\n", "step", scale * job->total, "",
        flops * 3 * (double)weft__network_multiply_adds(network) / job->total);
}

static weft_status step(char **words, weft__network *network, weft_context *context)
{
    enum { CLASSES = 10 };
    struct job job = {.steps = strtoull(words[4], NULL, 10)};
    size_t batch = strtoull(words[1], NULL, 10);
    weft__real real = strcmp(words[2], "bf16") == 0 ? WEFT__REAL_BF16 : WEFT__REAL_F32;
    weft__dims input = {28, 28, 1};
    if (words[5] &&
        sscanf(words[5], "%zux%zux%zu", &input.height, &input.width, &input.channels) != 3)
        return weft_fail(WEFT_EINVAL, "'%s': expected a shape as 28x28x1", words[5]);
    WEFT_TRY(weft__network_infer(network, input, CLASSES, words[0]));
    WEFT_TRY(weft__calloc(&job.block, network->block, sizeof *job.block, "parameters"));
    for (int s = 0; s < WEFT__MAX_SLOTS; s++)
        WEFT_TRY(weft__calloc(&job.slots[s], network->block, sizeof(float), "state"));
    WEFT_TRY(weft__calloc(&job.targets, batch, sizeof *job.targets, "targets"));
    for (size_t i = 0; i < batch; i++)
        job.targets[i] =
            (weft__target){(uint16_t)(i % CLASSES), (uint16_t)(i % CLASSES), 1};
    weft__network_initialise(network, job.block, 1);
    WEFT_TRY(weft__plan_create(&job.plan, network, batch, true, real, job.block, context));
    WEFT_TRY(weft__calloc(
        &job.plan->profile, 2 * network->node_count, sizeof(double), "a profile"));
    WEFT_TRY(weft__team_run(context, all_steps, &job));
    print_profile(&job);
    /* One run a process: what was allocated goes with it. */
    return WEFT_OK;
}

static weft_status run(int argc, char **argv)
{
    weft_context *context;
    bool peaking = strcmp(argv[1], "peak") == 0;
    WEFT_TRY(weft_context_create(&context, atoi(argv[peaking ? 2 : 5])));
    if (peaking) {
        double f32, bf16;
        WEFT_TRY(peak(&f32, false, context));
        WEFT_TRY(peak(&bf16, true, context));
        printf("%.1f %.1f\n", f32, bf16);
        return WEFT_OK;
    }
    weft__network network;
    WEFT_TRY(weft__network_named(&network, argv[2], NULL));
    char *words[] = {
        argv[2], argv[3], argv[4], argv[5], argv[6], argc == 8 ? argv[7] : NULL};
    return step(words, &network, context);
}

int main(int argc, char **argv)
{
    bool peaking = argc == 3 && strcmp(argv[1], "peak") == 0;
    if (!peaking && !((argc == 7 || argc == 8) && strcmp(argv[1], "step") == 0)) {
        fprintf(stderr, "usage: nn_profile peak THREADS\n"
                        "       nn_profile step NETWORK BATCH f32|bf16 THREADS STEPS "
                        "[HxWxC]\n");
        return 2;
    }
    if (run(argc, argv) == WEFT_OK)
        return 0;
    fprintf(stderr, "nn_profile: %s\n", weft_error());
    return 1;
}
