#include <math.h>

#include "quantize.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#endif

/// Values are dealt to this many classes, and the smallest of each class stands for it.
enum { CLASSES = 64 };

/// Returns a value that at least `limit` of the values do not exceed, and not many more than that.
OCTAVO_BODY float octavo_bound_body(size_t count, const float *values, size_t limit) {
    if (count < 2 * CLASSES || 2 * limit > CLASSES) return INFINITY;
    float minima[CLASSES];
    for (size_t i = 0; i < CLASSES; i++) minima[i] = INFINITY;
    size_t k = 0;
    for (; k + CLASSES <= count; k += CLASSES)
        for (size_t i = 0; i < CLASSES; i++) minima[i] = values[k + i] < minima[i] ? values[k + i] : minima[i];
    for (size_t i = 0; k + i < count; i++) minima[i] = values[k + i] < minima[i] ? values[k + i] : minima[i];
    float low = minima[0], high = minima[0];
    for (size_t i = 0; i < CLASSES; i++) {
        low = minima[i] < low ? minima[i] : low;
        high = minima[i] > high ? minima[i] : high;
    }
    // Bisection: `limit` or more minima are always at most `high`.
    for (size_t step = 0; step < 12; step++) {
        float middle = 0.5f * (low + high);
        unsigned below = 0;
        for (size_t i = 0; i < CLASSES; i++) below += minima[i] <= middle;
        if (below < limit) {
            low = middle;
        } else {
            high = middle;
            if (below <= limit + 1 + limit / 4) break;
        }
    }
    return high == high ? high : INFINITY;
}

OCTAVO_VARIANTS(float, octavo_bound, (size_t count, const float *values, size_t limit), (count, values, limit))

static size_t pick_scalar(size_t from, size_t count, const float *values, float bound, size_t most, size_t length,
                          uint32_t *list) {
    for (size_t k = from; k < count; k++) {
        if (values[k] > bound) continue;
        if (length == most) return most + 1;
        list[length++] = (uint32_t)k;
    }
    return length;
}

#if defined(__x86_64__)
AVX512 static size_t pick_avx512(size_t count, const float *values, float bound, size_t most, uint32_t *list) {
    size_t length = 0, k = 0;
    __m512 limit = _mm512_set1_ps(bound);
    __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (; k + 16 <= count && length + 16 <= most; k += 16) {
        __mmask16 in = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + k), limit, _CMP_LE_OQ);
        _mm512_storeu_si512(list + length, _mm512_maskz_compress_epi32(in, index));
        length += (size_t)__builtin_popcount(in);
        index = _mm512_add_epi32(index, _mm512_set1_epi32(16));
    }
    return pick_scalar(k, count, values, bound, most, length, list);
}
#endif

/// Writes the indices of the values up to a bound, in order, and returns their number, or one more than
/// `most` if that does not hold them.
static size_t pick(octavo_isa isa, size_t count, const float *values, float bound, size_t most, uint32_t *list) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) return pick_avx512(count, values, bound, most, list);
#endif
    (void)isa;
    return pick_scalar(0, count, values, bound, most, 0, list);
}

size_t octavo_shortlist(octavo_isa isa, size_t count, const float *values, size_t limit, uint32_t *list) {
    float most = octavo_bound(isa, count, values, limit);
    if (isfinite(most)) {
        size_t length = pick(isa, count, values, most, OCTAVO_SHORTLIST_MAX, list);
        if (length <= OCTAVO_SHORTLIST_MAX && length >= limit) return length;
    }
    octavo_choice choices[OCTAVO_BEAM_MAX];
    size_t length = octavo_keep_smallest(isa, count, values, INFINITY, 0, limit, 0, choices);
    for (size_t i = 0; i < length; i++) list[i] = choices[i].entry;
    return length;
}
