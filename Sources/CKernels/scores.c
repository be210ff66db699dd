#include <math.h>
#include <stdint.h>

#include "quantize.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#endif

// MARK: - Scores

static void scores_scalar(size_t from, size_t entries, size_t size, const float *book, const float *norms,
                          const float *slope, float base, float *out) {
    for (size_t k = from; k < entries; k++) {
        float score = base + norms[k];
        for (size_t i = 0; i < size; i++) score += slope[i] * book[i * entries + k];
        out[k] = score;
    }
}

#if defined(__x86_64__)
AVX2 static void scores_avx2(size_t entries, size_t size, const float *book, const float *norms, const float *slope,
                             float base, float *out) {
    size_t k = 0;
    // Four registers at a time hide the latency of the additions.
    for (; k + 32 <= entries; k += 32) {
        __m256 b = _mm256_set1_ps(base);
        __m256 s0 = _mm256_add_ps(b, _mm256_loadu_ps(norms + k));
        __m256 s1 = _mm256_add_ps(b, _mm256_loadu_ps(norms + k + 8));
        __m256 s2 = _mm256_add_ps(b, _mm256_loadu_ps(norms + k + 16));
        __m256 s3 = _mm256_add_ps(b, _mm256_loadu_ps(norms + k + 24));
        for (size_t i = 0; i < size; i++) {
            __m256 t = _mm256_set1_ps(slope[i]);
            const float *row = book + i * entries + k;
            s0 = _mm256_fmadd_ps(t, _mm256_loadu_ps(row), s0);
            s1 = _mm256_fmadd_ps(t, _mm256_loadu_ps(row + 8), s1);
            s2 = _mm256_fmadd_ps(t, _mm256_loadu_ps(row + 16), s2);
            s3 = _mm256_fmadd_ps(t, _mm256_loadu_ps(row + 24), s3);
        }
        _mm256_storeu_ps(out + k, s0);
        _mm256_storeu_ps(out + k + 8, s1);
        _mm256_storeu_ps(out + k + 16, s2);
        _mm256_storeu_ps(out + k + 24, s3);
    }
    scores_scalar(k, entries, size, book, norms, slope, base, out);
}

// In line, so that a length of vectors that is known leaves no loop over it.
__attribute__((always_inline)) AVX512 static inline void scores_of_size(size_t entries, size_t size, const float *book,
                                                                        const float *norms, const float *slope,
                                                                        float base, float *out) {
    size_t k = 0;
    for (; k + 64 <= entries; k += 64) {
        __m512 b = _mm512_set1_ps(base);
        __m512 s0 = _mm512_add_ps(b, _mm512_loadu_ps(norms + k));
        __m512 s1 = _mm512_add_ps(b, _mm512_loadu_ps(norms + k + 16));
        __m512 s2 = _mm512_add_ps(b, _mm512_loadu_ps(norms + k + 32));
        __m512 s3 = _mm512_add_ps(b, _mm512_loadu_ps(norms + k + 48));
        for (size_t i = 0; i < size; i++) {
            __m512 t = _mm512_set1_ps(slope[i]);
            const float *row = book + i * entries + k;
            s0 = _mm512_fmadd_ps(t, _mm512_loadu_ps(row), s0);
            s1 = _mm512_fmadd_ps(t, _mm512_loadu_ps(row + 16), s1);
            s2 = _mm512_fmadd_ps(t, _mm512_loadu_ps(row + 32), s2);
            s3 = _mm512_fmadd_ps(t, _mm512_loadu_ps(row + 48), s3);
        }
        _mm512_storeu_ps(out + k, s0);
        _mm512_storeu_ps(out + k + 16, s1);
        _mm512_storeu_ps(out + k + 32, s2);
        _mm512_storeu_ps(out + k + 48, s3);
    }
    for (; k < entries; k += 16) {
        __mmask16 m = entries - k >= 16 ? 0xFFFF : (__mmask16)((1u << (entries - k)) - 1);
        __m512 s = _mm512_add_ps(_mm512_set1_ps(base), _mm512_maskz_loadu_ps(m, norms + k));
        for (size_t i = 0; i < size; i++)
            s = _mm512_fmadd_ps(_mm512_set1_ps(slope[i]), _mm512_maskz_loadu_ps(m, book + i * entries + k), s);
        _mm512_mask_storeu_ps(out + k, m, s);
    }
}

AVX512 static void scores_avx512(size_t entries, size_t size, const float *book, const float *norms,
                                 const float *slope, float base, float *out) {
    if (size == 8) return scores_of_size(entries, 8, book, norms, slope, base, out);
    scores_of_size(entries, size, book, norms, slope, base, out);
}
#endif

void octavo_entry_scores(octavo_isa isa, size_t entries, size_t size, const float *book, const float *norms,
                         const float *slope, float base, float *out) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) return scores_avx512(entries, size, book, norms, slope, base, out);
    if (isa == OCTAVO_ISA_AVX2) return scores_avx2(entries, size, book, norms, slope, base, out);
#endif
    (void)isa;
    scores_scalar(0, entries, size, book, norms, slope, base, out);
}

// MARK: - Norms

OCTAVO_BODY void octavo_entry_norms_body(size_t entries, size_t size, const float *book, const float *metric,
                                         size_t stride, float *norms) {
    enum { STEP = 64 };
    for (size_t from = 0; from < entries; from += STEP) {
        size_t count = entries - from < STEP ? entries - from : STEP;
        float sums[STEP] = {0};
        for (size_t i = 0; i < size; i++) {
            float pulls[STEP] = {0};
            for (size_t j = 0; j < size; j++)
                for (size_t k = 0; k < count; k++) pulls[k] += metric[i * stride + j] * book[j * entries + from + k];
            for (size_t k = 0; k < count; k++) sums[k] += pulls[k] * book[i * entries + from + k];
        }
        for (size_t k = 0; k < count; k++) norms[from + k] = sums[k];
    }
}

OCTAVO_VARIANTS(void, octavo_entry_norms,
                (size_t entries, size_t size, const float *book, const float *metric, size_t stride, float *norms),
                (entries, size, book, metric, stride, norms))

// MARK: - The smallest

/// Continues from the smallest met before `from`.
static size_t smallest_scalar(size_t from, size_t count, const float *values, float best, size_t index) {
    for (size_t k = from; k < count; k++) {
        if (values[k] < best) {
            best = values[k];
            index = k;
        }
    }
    return index;
}

#if defined(__x86_64__)
AVX2 static size_t smallest_avx2(size_t count, const float *values) {
    if (count < 8) return smallest_scalar(0, count, values, INFINITY, 0);
    __m256 best = _mm256_set1_ps(INFINITY);
    __m256i where = _mm256_setzero_si256();
    __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t k = 0;
    for (; k + 8 <= count; k += 8) {
        __m256 v = _mm256_loadu_ps(values + k);
        __m256 lower = _mm256_cmp_ps(v, best, _CMP_LT_OQ);
        best = _mm256_blendv_ps(best, v, lower);
        where = _mm256_blendv_epi8(where, index, _mm256_castps_si256(lower));
        index = _mm256_add_epi32(index, _mm256_set1_epi32(8));
    }
    // The smallest lane; of equal lanes the one with the lowest index.
    float value[8];
    uint32_t at[8];
    _mm256_storeu_ps(value, best);
    _mm256_storeu_si256((__m256i *)at, where);
    size_t lane = 0;
    for (size_t i = 1; i < 8; i++)
        if (value[i] < value[lane] || (value[i] == value[lane] && at[i] < at[lane])) lane = i;
    return smallest_scalar(k, count, values, value[lane], at[lane]);
}

AVX512 static size_t smallest_avx512(size_t count, const float *values) {
    __m512 infinity = _mm512_set1_ps(INFINITY);
    __m512 best = infinity;
    __m512i where = _mm512_setzero_si512();
    __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (size_t k = 0; k < count; k += 16) {
        __mmask16 m = count - k >= 16 ? 0xFFFF : (__mmask16)((1u << (count - k)) - 1);
        __m512 v = _mm512_mask_loadu_ps(infinity, m, values + k);
        __mmask16 lower = _mm512_cmp_ps_mask(v, best, _CMP_LT_OQ);
        best = _mm512_mask_mov_ps(best, lower, v);
        where = _mm512_mask_mov_epi32(where, lower, index);
        index = _mm512_add_epi32(index, _mm512_set1_epi32(16));
    }
    __mmask16 lowest = _mm512_cmp_ps_mask(best, _mm512_set1_ps(_mm512_reduce_min_ps(best)), _CMP_EQ_OQ);
    return _mm512_mask_reduce_min_epu32(lowest, where);
}
#endif

size_t octavo_smallest(octavo_isa isa, size_t count, const float *values) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) return smallest_avx512(count, values);
    if (isa == OCTAVO_ISA_AVX2) return smallest_avx2(count, values);
#endif
    (void)isa;
    return smallest_scalar(0, count, values, INFINITY, 0);
}

// MARK: - The smallest few

/// Puts a choice behind those that are not greater; the list is full or has room.
static size_t insert(octavo_choice choice, size_t limit, size_t length, octavo_choice *list) {
    size_t at = length < limit ? length : limit - 1;
    for (; at > 0 && choice.value < list[at - 1].value; at--) list[at] = list[at - 1];
    list[at] = choice;
    return length < limit ? length + 1 : limit;
}

/// What a value must be below to enter the list.
static float threshold(size_t limit, size_t length, const octavo_choice *list) {
    return length < limit ? INFINITY : list[limit - 1].value;
}

static size_t keep_scalar(size_t from, size_t to, const float *values, uint32_t parent, size_t limit, size_t length,
                          octavo_choice *list) {
    for (size_t k = from; k < to; k++)
        if (values[k] < threshold(limit, length, list))
            length = insert((octavo_choice){values[k], parent, (uint32_t)k}, limit, length, list);
    return length;
}

#if defined(__x86_64__)
AVX2 static size_t keep_avx2(size_t count, const float *values, uint32_t parent, size_t limit, size_t length,
                             octavo_choice *list) {
    size_t k = 0;
    for (; k + 8 <= count; k += 8) {
        __m256 worst = _mm256_set1_ps(threshold(limit, length, list));
        // Few values enter once the list is full: look closer only where one does.
        if (_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + k), worst, _CMP_LT_OQ)))
            length = keep_scalar(k, k + 8, values, parent, limit, length, list);
    }
    return keep_scalar(k, count, values, parent, limit, length, list);
}

/// Looks at values up to a bound only.
AVX512 static size_t keep_avx512(size_t count, const float *values, float bound, uint32_t parent, size_t limit,
                                 size_t length, octavo_choice *list) {
    size_t k = 0;
    for (; k + 16 <= count; k += 16) {
        __m512 v = _mm512_loadu_ps(values + k);
        unsigned lower = _mm512_cmp_ps_mask(v, _mm512_set1_ps(bound), _CMP_LE_OQ);
        for (; lower; lower &= lower - 1) {
            size_t at = k + (size_t)__builtin_ctz(lower);
            length = keep_scalar(at, at + 1, values, parent, limit, length, list);
        }
    }
    return keep_scalar(k, count, values, parent, limit, length, list);
}
#endif

size_t octavo_keep_smallest(octavo_isa isa, size_t count, const float *values, float bound, uint32_t parent,
                            size_t limit, size_t length, octavo_choice *list) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) {
        float worst = threshold(limit, length, list);
        if (worst < bound) bound = worst;
        if (bound == INFINITY) bound = octavo_bound(isa, count, values, limit);
        return keep_avx512(count, values, bound, parent, limit, length, list);
    }
    if (isa == OCTAVO_ISA_AVX2) return keep_avx2(count, values, parent, limit, length, list);
#endif
    (void)isa;
    return keep_scalar(0, count, values, parent, limit, length, list);
}
