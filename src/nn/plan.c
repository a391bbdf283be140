#include "nn/plan.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/real.h"

enum { ALIGNMENT = 64 };

/* The schedule: forward of layer i is step i, its backward step 2n - i, the loss between
 * them step n. */
static int forward_step(size_t i)
{
    return (int)i;
}

static int loss_step(const weft__plan *plan)
{
    return (int)plan->network->node_count;
}

static int backward_step(const weft__plan *plan, size_t i)
{
    return (int)(2 * plan->network->node_count - i);
}

static weft_status new_buffer(weft__plan *plan, size_t row_bytes, int first, int *out)
{
    WEFT_TRY(weft__grow(&plan->buffers, &plan->buffer_capacity, plan->buffer_count + 1,
        sizeof *plan->buffers, "a plan"));
    plan->buffers[plan->buffer_count] =
        (weft__buffer){.row_bytes = row_bytes, .first = first, .last = first};
    *out = (int)plan->buffer_count++;
    return WEFT_OK;
}

static void use_buffer(weft__plan *plan, int buffer, int step)
{
    if (buffer == WEFT__NO_BUFFER)
        return;
    weft__buffer *b = &plan->buffers[buffer];
    b->last = step > b->last ? step : b->last;
    b->first = step < b->first ? step : b->first;
}

/* How many layers use a value; *last receives the last of them. */
static size_t consumers(const weft__network *network, size_t value, size_t *last)
{
    size_t count = 0;
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t k = 0; k < network->nodes[i].inputs; k++)
            if (network->nodes[i].input[k] == value) {
                count++;
                *last = i;
            }
    return count;
}

weft__plan_node *weft__sole_consumer(const weft__plan_node *node)
{
    size_t value = (size_t)(node - node->plan->nodes) + 1, consumer = 0;
    return consumers(node->plan->network, value, &consumer) == 1
               ? &node->plan->nodes[consumer]
               : NULL;
}

/* Whether the layer's output is its input, and gradients likewise. */
static bool passes(const weft__plan *plan, const weft__layer_kind *kind)
{
    return kind->passes_through ||
           (kind->identity_predicting && (!plan->training || plan->explaining));
}

/* Whether the output may take the input's buffer. */
static bool may_overwrite(const weft__plan *plan, const weft__node *node)
{
    const weft__layer_kind *kind = node->kind;
    const weft__plan_node *p = &plan->nodes[node - plan->network->nodes];
    if (passes(plan, kind))
        return true;
    if (plan->explaining)
        return false;
    size_t last;
    if (node->inputs != 1 || p->out_real != plan->real ||
        consumers(plan->network, node->input[0], &last) != 1)
        return false;
    if (!plan->training)
        return kind->in_place || kind->in_place_predicting;
    const weft__layer_kind *producer =
        node->input[0] ? plan->network->nodes[node->input[0] - 1].kind : NULL;
    return kind->in_place && (!producer || !producer->keeps_output || kind->keeps_sign);
}

static size_t value_row_bytes(const weft__plan *plan, weft__dims dims)
{
    return weft__dims_size(dims) * weft__real_size(plan->real);
}

static weft_status place_activations(weft__plan *plan)
{
    const weft__network *network = plan->network;
    size_t count = network->node_count;
    int *value;
    WEFT_TRY(weft__alloc(&value, count + 1, sizeof *value, "a plan"));
    weft_status status =
        new_buffer(plan, value_row_bytes(plan, network->input), 0, &value[0]);
    plan->input = value[0];
    for (size_t i = 0; status == WEFT_OK && i < count; i++) {
        weft__plan_node *p = &plan->nodes[i];
        const weft__node *node = p->node;
        for (size_t k = 0; k < node->inputs; k++) {
            p->in[k] = value[node->input[k]];
            use_buffer(plan, p->in[k], forward_step(i));
            if (plan->training && node->kind->keeps_input)
                use_buffer(plan, p->in[k], backward_step(plan, i));
        }
        plan->buffers[p->in[0]].shared |= p->shared;
        if (may_overwrite(plan, node))
            value[i + 1] = p->in[0];
        else
            status = new_buffer(plan,
                p->writes ? 0 : weft__dims_size(node->out) * weft__real_size(p->out_real),
                forward_step(i), &value[i + 1]);
        p->out = value[i + 1];
        use_buffer(plan, p->out, forward_step(i));
        int until =
            backward_step(plan, p->kept_for ? (size_t)(p->kept_for - plan->nodes) : i);
        bool skipped = p->skip_backward || p->passes_gradient;
        if (plan->training && (p->kept_for || (node->kind->keeps_output && !skipped)))
            use_buffer(plan, p->out, until);
        if (status == WEFT_OK && p->workspace_row) {
            status = new_buffer(plan, p->workspace_row, forward_step(i), &p->workspace);
            use_buffer(plan, p->workspace, plan->training ? until : forward_step(i));
        }
    }
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        if (plan->nodes[i].writes)
            use_buffer(plan, plan->nodes[i].writes->out, forward_step(i));
    free(value);
    return status;
}

/* Logits are f32: the last layer's own output where it can, else a copy of it. */
static weft_status place_logits(weft__plan *plan)
{
    weft__plan_node *last = &plan->nodes[plan->network->node_count - 1];
    plan->logits = last->out;
    if (last->out_real != WEFT__REAL_F32)
        WEFT_TRY(new_buffer(plan, plan->network->classes * sizeof(float),
            loss_step(plan) - 1, &plan->logits));
    use_buffer(plan, plan->logits, loss_step(plan));
    return WEFT_OK;
}

/* State while gradients are placed: for every value its gradient's buffer, and for every
 * buffer how many values hold it. */
struct differences {
    int *of_value;
    int *holders;
    size_t holders_capacity;
    bool *wanted; /* by value: something before it learns */
};

static weft_status hold(struct differences *d, const weft__plan *plan)
{
    size_t before = d->holders_capacity;
    WEFT_TRY(weft__grow(&d->holders, &d->holders_capacity, plan->buffer_count,
        sizeof *d->holders, "a plan"));
    for (size_t i = before; i < d->holders_capacity; i++)
        d->holders[i] = 0;
    return WEFT_OK;
}

static weft_status place_difference(
    weft__plan *plan, struct differences *d, size_t i, size_t k)
{
    weft__plan_node *p = &plan->nodes[i];
    const weft__layer_kind *kind = p->node->kind;
    size_t value = p->node->input[k];
    int step = backward_step(plan, i), fresh, earlier = d->of_value[value];
    if (!d->wanted[value])
        return WEFT_OK;
    if (passes(plan, kind) || kind->copies_gradient || p->passes_gradient ||
        (kind->in_place && !plan->explaining && d->holders[p->diff_out] == 1)) {
        fresh = p->diff_out;
    } else {
        WEFT_TRY(new_buffer(plan, value_row_bytes(plan, p->node->in[k]), step, &fresh));
        WEFT_TRY(hold(d, plan));
    }
    use_buffer(plan, fresh, step);
    plan->buffers[fresh].shared |= p->shared;
    p->diff_in[k] = fresh;
    d->of_value[value] = fresh;
    d->holders[fresh]++;
    if (earlier == WEFT__NO_BUFFER)
        return WEFT_OK;
    /* A second consumer: the sum goes to whichever part nobody else reads. */
    int to = d->holders[fresh] == 1 ? fresh : d->holders[earlier] == 1 ? earlier : -1;
    d->holders[fresh]--;
    d->holders[earlier]--;
    if (to < 0) {
        WEFT_TRY(new_buffer(plan, value_row_bytes(plan, p->node->in[k]), step, &to));
        WEFT_TRY(hold(d, plan));
    }
    d->holders[to]++;
    p->sum[k] = (weft__sum){to, fresh, earlier};
    use_buffer(plan, to, step);
    use_buffer(plan, earlier, step);
    d->of_value[value] = to;
    return WEFT_OK;
}

static weft_status place_all_differences(weft__plan *plan, struct differences *d)
{
    size_t count = plan->network->node_count;
    d->wanted[0] = plan->explaining;
    for (size_t i = 0; i < count; i++) {
        const weft__node *node = &plan->network->nodes[i];
        bool wanted = false;
        for (size_t k = 0; k < node->parameter_count; k++)
            wanted |= plan->network->parameters[node->parameters[k]].trained;
        for (size_t k = 0; k < node->inputs; k++)
            wanted |= d->wanted[node->input[k]];
        d->wanted[i + 1] = wanted;
    }
    for (size_t v = 0; v <= count; v++)
        d->of_value[v] = WEFT__NO_BUFFER;
    WEFT_TRY(new_buffer(plan, value_row_bytes(plan, plan->network->nodes[count - 1].out),
        loss_step(plan), &plan->diff_logits));
    WEFT_TRY(hold(d, plan));
    d->of_value[count] = plan->diff_logits;
    d->holders[plan->diff_logits] = 1;
    for (size_t i = count; i-- > 0;) {
        weft__plan_node *p = &plan->nodes[i];
        p->diff_out = d->of_value[i + 1];
        p->wants_diff = d->wanted[i + 1] && p->diff_out != WEFT__NO_BUFFER;
        if (!p->wants_diff)
            continue;
        use_buffer(plan, p->diff_out, backward_step(plan, i));
        plan->buffers[p->diff_out].shared |= p->shared;
        for (size_t k = 0; k < p->node->inputs; k++)
            WEFT_TRY(place_difference(plan, d, i, k));
        d->holders[p->diff_out]--;
    }
    plan->diff_input = d->of_value[0];
    return WEFT_OK;
}

static weft_status place_differences(weft__plan *plan)
{
    struct differences d = {0};
    size_t values = plan->network->node_count + 1;
    weft_status status = weft__alloc(&d.of_value, values, sizeof *d.of_value, "a plan");
    if (status == WEFT_OK)
        status = weft__alloc(&d.wanted, values, sizeof *d.wanted, "a plan");
    if (status == WEFT_OK)
        status = place_all_differences(plan, &d);
    free(d.of_value);
    free(d.wanted);
    free(d.holders);
    return status;
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The lowest offset at which `b` meets no buffer placed before it that lives when it
 * does: first fit, largest first. */
static size_t lowest_offset(const weft__plan *plan, const weft__buffer *b, const int *order,
    size_t placed, size_t rows)
{
    size_t offset = 0, bytes = aligned(b->row_bytes * rows);
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < placed; i++) {
            const weft__buffer *other = &plan->buffers[order[i]];
            size_t end = other->offset + aligned(other->row_bytes * rows);
            bool together =
                plan->explaining || (other->first <= b->last && b->first <= other->last);
            if (!other->shared && together && offset < end &&
                other->offset < offset + bytes) {
                offset = end;
                moved = true;
            }
        }
    }
    return offset;
}

static weft_status place_in_arenas(weft__plan *plan)
{
    size_t rows = 0;
    for (int m = 0; m < plan->members; m++)
        if (weft__row_count(plan, m) > rows)
            rows = weft__row_count(plan, m);
    int *order;
    WEFT_TRY(weft__alloc(&order, plan->buffer_count, sizeof *order, "a plan"));
    for (size_t i = 0; i < plan->buffer_count; i++)
        order[i] = (int)i;
    /* A simple insertion sort: a network has a few hundred buffers. */
    for (size_t i = 1; i < plan->buffer_count; i++)
        for (size_t j = i; j > 0; j--) {
            const weft__buffer *a = &plan->buffers[order[j - 1]];
            if (a->row_bytes >= plan->buffers[order[j]].row_bytes)
                break;
            int swap = order[j];
            order[j] = order[j - 1];
            order[j - 1] = swap;
        }
    for (size_t i = 0; i < plan->buffer_count; i++) {
        weft__buffer *b = &plan->buffers[order[i]];
        if (b->shared) {
            /* Members reach a step at different times, so shared rows are never reused. */
            b->offset = plan->shared_bytes;
            plan->shared_bytes += aligned(b->row_bytes * plan->batch);
            continue;
        }
        b->offset = lowest_offset(plan, b, order, i, rows);
        size_t end = b->offset + aligned(b->row_bytes * rows);
        plan->arena_bytes = end > plan->arena_bytes ? end : plan->arena_bytes;
    }
    free(order);
    return WEFT_OK;
}

void *weft__rows(const weft__plan *plan, int member, int buffer)
{
    const weft__buffer *b = &plan->buffers[buffer];
    if (b->shared)
        return plan->shared + b->offset + plan->first_row[member] * b->row_bytes;
    return plan->arenas[member] + b->offset;
}

void *weft__all_rows(const weft__plan *plan, int buffer)
{
    return plan->shared + plan->buffers[buffer].offset;
}

size_t weft__row_count(const weft__plan *plan, int member)
{
    return plan->first_row[member + 1] - plan->first_row[member];
}

static size_t parameter_offset(const weft__plan_node *node, size_t which)
{
    return node->plan->network->parameters[node->node->parameters[which]].offset;
}

float *weft__values(const weft__plan *plan, const weft__plan_node *node, size_t which)
{
    return plan->parameters + parameter_offset(node, which);
}

uint16_t *weft__mirror(const weft__plan *plan, const weft__plan_node *node, size_t which)
{
    return plan->mirror + parameter_offset(node, which);
}

float *weft__gradient(
    const weft__plan *plan, int member, const weft__plan_node *node, size_t which)
{
    return plan->gradients[member] + parameter_offset(node, which);
}

void weft__want_scratch(weft__plan *plan, const weft__primitive *primitive)
{
    weft__want_scratch_bytes(plan, weft__primitive_bytes(primitive, WEFT__SCRATCH));
}

void weft__want_scratch_bytes(weft__plan *plan, size_t bytes)
{
    plan->scratch_bytes = bytes > plan->scratch_bytes ? bytes : plan->scratch_bytes;
}

weft_status weft__hold(
    weft__plan *plan, void *out, size_t count, size_t size, const char *what)
{
    WEFT_TRY(weft__calloc(out, count, size, what));
    plan->held_bytes += count * size;
    return WEFT_OK;
}

static weft_status allocate(weft__plan *plan)
{
    size_t members = (size_t)plan->members, block = plan->network->block;
    WEFT_TRY(weft__calloc(&plan->arenas, members, sizeof *plan->arenas, "a plan"));
    WEFT_TRY(weft__calloc(&plan->scratch, members, sizeof *plan->scratch, "a plan"));
    WEFT_TRY(weft__calloc(&plan->gradients, members, sizeof *plan->gradients, "a plan"));
    for (size_t m = 0; m < members; m++) {
        WEFT_TRY(weft__calloc(&plan->arenas[m], plan->arena_bytes, 1, "activations"));
        WEFT_TRY(weft__alloc(&plan->scratch[m], plan->scratch_bytes, 1, "scratch memory"));
        if (plan->training && !plan->explaining)
            WEFT_TRY(weft__calloc(&plan->gradients[m], block, sizeof(float), "gradients"));
    }
    WEFT_TRY(weft__calloc(&plan->shared, plan->shared_bytes, 1, "activations"));
    if (plan->real == WEFT__REAL_BF16)
        WEFT_TRY(weft__calloc(&plan->mirror, block, sizeof *plan->mirror, "bf16 weights"));
    return WEFT_OK;
}

/* The last layer that computes writes f32 where it can; a flatten or softmax behind it
 * shares its buffer. */
static void choose_logits(weft__plan *plan)
{
    size_t last = plan->network->node_count - 1;
    while (last > 0 && plan->nodes[last].node->kind->passes_through)
        last--;
    if (!plan->nodes[last].node->kind->gives_logits)
        return;
    for (size_t i = last; i < plan->network->node_count; i++)
        plan->nodes[i].out_real = WEFT__REAL_F32;
}

static weft_status plan_nodes(weft__plan *plan)
{
    const weft__network *network = plan->network;
    WEFT_TRY(
        weft__calloc(&plan->nodes, network->node_count, sizeof *plan->nodes, "a plan"));
    for (size_t i = 0; i < network->node_count; i++) {
        weft__plan_node *p = &plan->nodes[i];
        *p = (weft__plan_node){.plan = plan,
            .node = &network->nodes[i],
            .out_real = plan->real,
            .workspace = WEFT__NO_BUFFER,
            .diff_out = WEFT__NO_BUFFER};
        for (size_t k = 0; k < WEFT__MAX_INPUTS; k++) {
            p->in[k] = p->diff_in[k] = WEFT__NO_BUFFER;
            p->sum[k].to = WEFT__NO_BUFFER;
        }
    }
    choose_logits(plan);
    for (size_t i = 0; i < network->node_count; i++)
        if (network->nodes[i].kind->plan)
            WEFT_TRY(network->nodes[i].kind->plan(&plan->nodes[i]));
    return WEFT_OK;
}

static weft_status build(weft__plan *plan)
{
    size_t members = (size_t)plan->members;
    WEFT_TRY(weft__calloc(&plan->first_row, members + 1, sizeof(size_t), "a plan"));
    for (int m = 0; m < plan->members; m++) {
        weft__member member = {plan->context, m, plan->members};
        weft__team_share(
            &member, plan->batch, 1, &plan->first_row[m], &plan->first_row[m + 1]);
    }
    size_t parameters = plan->network->parameter_count;
    WEFT_TRY(weft__calloc(&plan->reduced, parameters, sizeof(bool), "a plan"));
    WEFT_TRY(weft__calloc(&plan->stepped, parameters, sizeof(bool), "a plan"));
    WEFT_TRY(plan_nodes(plan));
    WEFT_TRY(place_activations(plan));
    WEFT_TRY(place_logits(plan));
    if (plan->training)
        WEFT_TRY(place_differences(plan));
    WEFT_TRY(place_in_arenas(plan));
    WEFT_TRY(allocate(plan));
    for (size_t i = 0; i < plan->network->node_count; i++)
        if (plan->nodes[i].node->kind->bind)
            WEFT_TRY(plan->nodes[i].node->kind->bind(&plan->nodes[i]));
    return WEFT_OK;
}

/* Builds what `wanted` describes. */
static weft_status create(weft__plan **out, weft__plan wanted)
{
    weft__plan *plan;
    WEFT_TRY(weft__alloc(&plan, 1, sizeof *plan, "a plan"));
    *plan = wanted;
    plan->members = plan->context ? weft_context_threads(plan->context) : 1;
    weft_status status = build(plan);
    if (status != WEFT_OK) {
        weft__plan_free(plan);
        return status;
    }
    *out = plan;
    return WEFT_OK;
}

weft_status weft__plan_create(weft__plan **out, const weft__network *network, size_t batch,
    bool training, weft__real real, float *parameters, weft_context *context)
{
    return create(out, (weft__plan){.network = network,
                           .context = context,
                           .batch = batch,
                           .training = training,
                           .real = real,
                           .parameters = parameters});
}

weft_status weft__plan_create_explaining(weft__plan **out, const weft__network *network,
    size_t batch, float *parameters, weft_context *context)
{
    return create(out, (weft__plan){.network = network,
                           .context = context,
                           .batch = batch,
                           .training = true,
                           .explaining = true,
                           .real = WEFT__REAL_F32,
                           .parameters = parameters});
}

void weft__plan_free(weft__plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; plan->nodes && i < plan->network->node_count; i++)
        if (plan->network->nodes[i].kind->release)
            plan->network->nodes[i].kind->release(&plan->nodes[i]);
    for (int m = 0; m < plan->members; m++) {
        if (plan->arenas)
            free(plan->arenas[m]);
        if (plan->scratch)
            free(plan->scratch[m]);
        if (plan->gradients)
            free(plan->gradients[m]);
    }
    free(plan->arenas);
    free(plan->scratch);
    free(plan->gradients);
    free(plan->shared);
    free(plan->mirror);
    free(plan->nodes);
    free(plan->buffers);
    free(plan->first_row);
    free(plan->reduced);
    free(plan->stepped);
    free(plan);
}

size_t weft__plan_bytes(const weft__plan *plan)
{
    size_t members = (size_t)plan->members, block = plan->network->block;
    size_t bytes = plan->held_bytes + plan->shared_bytes +
                   members * (plan->arena_bytes + plan->scratch_bytes);
    bytes += plan->training && !plan->explaining ? members * block * sizeof(float) : 0;
    return bytes + (plan->mirror ? block * sizeof *plan->mirror : 0);
}
