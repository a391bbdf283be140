/* Cuts in nodes of at most 64 pictures, where nearly all nodes are: a picture is a bit, a
 * cut one comparison of 64 bytes, and a count of a class an AND and a population count. */
#include "classic/tree_cut.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Bits i with lanes[i] <= v, or == v. */
typedef uint64_t (*compare)(const uint8_t *lanes, uint8_t v);

static inline uint64_t portable_up_to(const uint8_t *lanes, uint8_t v)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < WEFT__SMALL_NODE; i++)
        mask |= (uint64_t)(lanes[i] <= v) << i;
    return mask;
}

static inline uint64_t portable_equal(const uint8_t *lanes, uint8_t v)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < WEFT__SMALL_NODE; i++)
        mask |= (uint64_t)(lanes[i] == v) << i;
    return mask;
}

/* sum_c count_c^2 / count of both sides. */
static inline __attribute__((always_inline)) float score_of(
    const weft__small_node *node, uint64_t left, unsigned left_count)
{
    uint32_t left_squares = 0, right_squares = 0;
    unsigned left_rest = left_count, right_rest = node->count - left_count;
    for (unsigned c = 0; c + 1 < node->present; c++) {
        unsigned l = (unsigned)__builtin_popcountll(node->of_class[c] & left);
        unsigned r = (unsigned)__builtin_popcountll(node->of_class[c] & ~left);
        left_squares += l * l;
        right_squares += r * r;
        left_rest -= l;
        right_rest -= r;
    }
    left_squares += left_rest * left_rest;
    right_squares += right_rest * right_rest;
    return (float)left_squares / (float)left_count +
           (float)right_squares / (float)(node->count - left_count);
}

static inline __attribute__((always_inline)) bool offer(weft__cut *best,
    const weft__small_node *node, uint32_t feature, uint64_t left, uint8_t threshold)
{
    unsigned count = (unsigned)__builtin_popcountll(left);
    if (count < node->min_leaf || node->count - count < node->min_leaf)
        return false;
    float score = score_of(node, left, count);
    if (best->found && score <= best->score)
        return false;
    *best = (weft__cut){score, feature, threshold, true};
    return true;
}

static inline __attribute__((always_inline)) bool search(weft__cut *best,
    const weft__small_node *node, uint32_t feature, weft_rng *rng, compare up_to,
    compare equal)
{
    _Alignas(WEFT__SMALL_NODE) uint8_t lanes[WEFT__SMALL_NODE];
    const uint8_t *column = node->columns + feature * node->stride;
    uint8_t low = 255, high = 0;
    memset(lanes, column[node->row[0]], sizeof lanes);
    for (unsigned i = 1; i < node->count; i++)
        lanes[i] = column[node->row[i]];
    for (unsigned i = 0; i < WEFT__SMALL_NODE; i++) {
        low = lanes[i] < low ? lanes[i] : low;
        high = lanes[i] > high ? lanes[i] : high;
    }
    if (low == high)
        return false;
    uint64_t all = ~(uint64_t)0 >> (WEFT__SMALL_NODE - node->count);
    if (rng) {
        uint8_t at = (uint8_t)(low + weft_rng_below(rng, (uint32_t)(high - low)));
        offer(best, node, feature, up_to(lanes, at) & all, at);
        return true;
    }
    bool improved = false;
    for (uint64_t open = all & ~equal(lanes, high); open;) {
        uint8_t v = lanes[__builtin_ctzll(open)];
        open &= ~equal(lanes, v);
        improved |= offer(best, node, feature, up_to(lanes, v) & all, v);
    }
    if (improved) { /* cut half-way to the next value that occurs */
        uint8_t next = high;
        for (unsigned i = 0; i < node->count; i++)
            if (lanes[i] > best->threshold && lanes[i] < next)
                next = lanes[i];
        best->threshold = (uint8_t)((best->threshold + next) / 2);
    }
    return true;
}

bool weft__cut_small_portable(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng)
{
    return search(best, node, feature, rng, portable_up_to, portable_equal);
}

#if defined(__x86_64__) && defined(__GNUC__)

#define AVX512 __attribute__((target("avx512bw,avx512vl,popcnt,bmi,bmi2")))
#define AVX2 __attribute__((target("avx2,popcnt,bmi,bmi2")))

AVX512 static inline uint64_t avx512_up_to(const uint8_t *lanes, uint8_t v)
{
    return _mm512_cmple_epu8_mask(_mm512_load_si512(lanes), _mm512_set1_epi8((char)v));
}

AVX512 static inline uint64_t avx512_equal(const uint8_t *lanes, uint8_t v)
{
    return _mm512_cmpeq_epu8_mask(_mm512_load_si512(lanes), _mm512_set1_epi8((char)v));
}

AVX512 static bool search_avx512(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng)
{
    return search(best, node, feature, rng, avx512_up_to, avx512_equal);
}

AVX2 static inline uint64_t two_masks(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2 static inline uint64_t avx2_up_to(const uint8_t *lanes, uint8_t v)
{
    __m256i all = _mm256_set1_epi8((char)v);
    __m256i a = _mm256_load_si256((const __m256i *)lanes);
    __m256i b = _mm256_load_si256((const __m256i *)(lanes + 32));
    return two_masks(_mm256_cmpeq_epi8(_mm256_min_epu8(a, all), a),
        _mm256_cmpeq_epi8(_mm256_min_epu8(b, all), b));
}

AVX2 static inline uint64_t avx2_equal(const uint8_t *lanes, uint8_t v)
{
    __m256i all = _mm256_set1_epi8((char)v);
    return two_masks(_mm256_cmpeq_epi8(_mm256_load_si256((const __m256i *)lanes), all),
        _mm256_cmpeq_epi8(_mm256_load_si256((const __m256i *)(lanes + 32)), all));
}

AVX2 static bool search_avx2(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng)
{
    return search(best, node, feature, rng, avx2_up_to, avx2_equal);
}

bool weft__cut_small(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng)
{
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return search_avx512(best, node, feature, rng);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        return search_avx2(best, node, feature, rng);
    return weft__cut_small_portable(best, node, feature, rng);
}

#else

bool weft__cut_small(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng)
{
    return weft__cut_small_portable(best, node, feature, rng);
}

#endif
