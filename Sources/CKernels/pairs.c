#include <math.h>

#include "quantize.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#endif

// MARK: - The smallest sum

static float smallest_sum_scalar(size_t from, size_t count, const float *a, const float *b, float best) {
    for (size_t i = from; i < count; i++)
        if (a[i] + b[i] < best) best = a[i] + b[i];
    return best;
}

#if defined(__x86_64__)
AVX2 static float smallest_sum_avx2(size_t count, const float *a, const float *b) {
    __m256 best = _mm256_set1_ps(INFINITY);
    size_t i = 0;
    // A sum that is no number must lose: of two operands the minimum returns the second.
    for (; i + 8 <= count; i += 8)
        best = _mm256_min_ps(_mm256_add_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)), best);
    __m128 half = _mm_min_ps(_mm256_castps256_ps128(best), _mm256_extractf128_ps(best, 1));
    half = _mm_min_ps(half, _mm_movehl_ps(half, half));
    half = _mm_min_ss(half, _mm_movehdup_ps(half));
    return smallest_sum_scalar(i, count, a, b, _mm_cvtss_f32(half));
}

AVX512 static float smallest_sum_avx512(size_t count, const float *a, const float *b) {
    __m512 infinity = _mm512_set1_ps(INFINITY);
    __m512 best = infinity, other = infinity;
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        best = _mm512_min_ps(_mm512_add_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i)), best);
        other = _mm512_min_ps(_mm512_add_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16)), other);
    }
    return smallest_sum_scalar(i, count, a, b, _mm512_reduce_min_ps(_mm512_min_ps(best, other)));
}
#endif

static float smallest_sum(octavo_isa isa, size_t count, const float *a, const float *b) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) return smallest_sum_avx512(count, a, b);
    if (isa == OCTAVO_ISA_AVX2) return smallest_sum_avx2(count, a, b);
#endif
    (void)isa;
    return smallest_sum_scalar(0, count, a, b, INFINITY);
}

static size_t index_scalar(size_t from, size_t count, const float *a, const float *b, float sum) {
    for (size_t i = from; i < count; i++)
        if (a[i] + b[i] == sum) return i;
    return 0;
}

#if defined(__x86_64__)
AVX512 static size_t index_avx512(size_t count, const float *a, const float *b, float sum) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m512 sums = _mm512_add_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
        unsigned equal = _mm512_cmp_ps_mask(sums, _mm512_set1_ps(sum), _CMP_EQ_OQ);
        if (equal) return i + (size_t)__builtin_ctz(equal);
    }
    return index_scalar(i, count, a, b, sum);
}
#endif

/// Returns the lowest index whose sum is `sum`; 0 if there is none.
static size_t index_of_sum(octavo_isa isa, size_t count, const float *a, const float *b, float sum) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) return index_avx512(count, a, b, sum);
#endif
    (void)isa;
    return index_scalar(0, count, a, b, sum);
}

OCTAVO_BODY void octavo_sums_body(size_t count, float base, const float *a, const float *b, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = base + (a[i] + b[i]);
}

OCTAVO_VARIANTS(void, octavo_sums, (size_t count, float base, const float *a, const float *b, float *out),
                       (count, base, a, b, out))

// MARK: - The best pair

size_t octavo_pair_scratch(size_t entries) { return 3 * entries; }

/// Chooses each code of a pair anew with the other held, until nothing changes or the rounds are over.
static float polish(octavo_isa isa, const octavo_pairs *s, const float *first, const float *second, float value,
                    uint16_t *pair) {
    for (size_t round = 0; round < s->polish; round++) {
        bool changed = false;
        for (size_t m = 0; m < 2; m++) {
            const float *own = m == 0 ? first : second, *other = m == 0 ? second : first;
            const float *row = (m == 0 ? s->transposed : s->products) + pair[1 - m] * s->entries;
            float least = smallest_sum(isa, s->entries, own, row), held = other[pair[1 - m]];
            if (held + least < value) {
                value = held + least;
                pair[m] = (uint16_t)index_of_sum(isa, s->entries, own, row, least);
                changed = true;
            }
        }
        if (!changed) break;
    }
    return value;
}

/// Scores the entries of both codebooks and returns how many of the first are worth continuing.
static size_t first_entries(octavo_isa isa, const octavo_pairs *s, const float *slope, float *first, float *second,
                            uint32_t *list) {
    size_t book = s->size * s->entries;
    octavo_entry_scores(isa, s->entries, s->size, s->books, s->norms, slope, 0, first);
    octavo_entry_scores(isa, s->entries, s->size, s->books + book, s->norms + s->entries, slope, 0, second);
    return octavo_shortlist(isa, s->entries, first, s->beam, list);
}

void octavo_find_pairs(octavo_isa isa, const octavo_pairs *s, size_t rows, const float *slopes, bool keep,
                       uint16_t *codes, float *values, float *scratch) {
    uint32_t list[OCTAVO_SHORTLIST_MAX];
    float *first = scratch, *second = scratch + s->entries;
    for (size_t row = 0; row < rows; row++, codes += 2) {
        size_t length = first_entries(isa, s, slopes + row * s->size, first, second, list);
        float best = INFINITY, rest = 0;
        uint16_t pair[2] = {0, 0};
        for (size_t i = 0; i < length; i++) {
            float sum = smallest_sum(isa, s->entries, second, s->products + list[i] * s->entries);
            if (first[list[i]] + sum < best) {
                best = first[list[i]] + sum;
                rest = sum;
                pair[0] = (uint16_t)list[i];
            }
        }
        pair[1] = (uint16_t)index_of_sum(isa, s->entries, second, s->products + pair[0] * s->entries, rest);
        if (keep) {
            float value = first[codes[0]] + (second[codes[1]] + s->products[codes[0] * s->entries + codes[1]]);
            if (value <= best) {
                best = value;
                pair[0] = codes[0];
                pair[1] = codes[1];
            }
        }
        values[row] = polish(isa, s, first, second, best, pair);
        codes[0] = pair[0];
        codes[1] = pair[1];
    }
}

void octavo_list_pairs(octavo_isa isa, const octavo_pairs *s, size_t rows, const float *slopes, size_t limit,
                       uint16_t *codes, float *values, float *scratch) {
    uint32_t list[OCTAVO_SHORTLIST_MAX];
    octavo_choice choices[OCTAVO_BEAM_MAX];
    float least[OCTAVO_SHORTLIST_MAX];
    float *first = scratch, *second = scratch + s->entries, *table = second + s->entries;
    for (size_t row = 0; row < rows; row++, codes += 2 * limit, values += limit) {
        size_t candidates = first_entries(isa, s, slopes + row * s->size, first, second, list), length = 0;
        // The best pair of each first entry: the `limit` best of these bound what the list may hold.
        for (size_t i = 0; i < candidates; i++)
            least[i] = first[list[i]] + smallest_sum(isa, s->entries, second, s->products + list[i] * s->entries);
        length = octavo_keep_smallest(isa, candidates, least, INFINITY, 0, limit, 0, choices);
        float bound = length == limit ? choices[limit - 1].value : INFINITY;
        length = 0;
        for (size_t i = 0; i < candidates; i++) {
            if (least[i] > bound) continue;
            octavo_sums(isa, s->entries, first[list[i]], second, s->products + list[i] * s->entries, table);
            length = octavo_keep_smallest(isa, s->entries, table, bound, list[i], limit, length, choices);
        }
        for (size_t i = 0; i < limit; i++) {
            values[i] = i < length ? choices[i].value : INFINITY;
            codes[2 * i] = i < length ? (uint16_t)choices[i].parent : 0;
            codes[2 * i + 1] = i < length ? (uint16_t)choices[i].entry : 0;
        }
    }
}
