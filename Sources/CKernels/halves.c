#include "halves.h"

#include "levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512                                                                                                       \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512bw,avx512dq"), min_vector_width(512)))
// Sums stay in registers only where loops over them are unrolled.
#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))
#endif

// Rows of x that go by one reading of the weights.
enum { ROWS = 4 };

OCTAVO_BODY uint16_t stored(const uint16_t *weights, size_t i) {
    uint16_t bits;
    memcpy(&bits, weights + i, sizeof bits);
    return bits;
}

OCTAVO_BODY float widened(octavo_half_kind kind, uint16_t bits) {
    if (kind == OCTAVO_HALF_IEEE) {
        // Infinities and what is no number: half_value takes them for large numbers.
        if ((bits & 0x7C00) == 0x7C00) {
            uint32_t special = (uint32_t)(bits & 0x8000) << 16 | 0x7F800000 | (uint32_t)(bits & 0x3FF) << 13;
            float value;
            memcpy(&value, &special, sizeof value);
            return value;
        }
        return half_value(bits);
    }
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

// The products of one row of weights with `rows` rows of x, at most ROWS.
typedef void products_row(octavo_half_kind kind, const uint16_t *weights, size_t columns, const float *x, size_t rows,
                          float *sums);

static void products_scalar(octavo_half_kind kind, const uint16_t *weights, size_t columns, const float *x,
                            size_t rows, float *sums) {
    for (size_t r = 0; r < rows; r++) {
        float sum = 0;
        for (size_t i = 0; i < columns; i++) sum += widened(kind, stored(weights, i)) * x[r * columns + i];
        sums[r] = sum;
    }
}

#if defined(__x86_64__)
AVX2 INLINE __m256 widen8(octavo_half_kind kind, const uint16_t *weights) {
    __m128i bits = _mm_loadu_si128((const void *)weights);
    if (kind == OCTAVO_HALF_IEEE) return _mm256_cvtph_ps(bits);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

AVX2 INLINE float total8(__m256 v) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

AVX2 INLINE void products8(octavo_half_kind kind, const uint16_t *weights, size_t columns, const float *x,
                           size_t rows, float *sums) {
    __m256 sum[ROWS][2];
    UNROLLED for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= columns; i += 16)
        UNROLLED for (int k = 0; k < 2; k++) {
            __m256 w = widen8(kind, weights + i + 8 * k);
            UNROLLED for (size_t r = 0; r < rows; r++)
                sum[r][k] = _mm256_fmadd_ps(w, _mm256_loadu_ps(x + r * columns + i + 8 * k), sum[r][k]);
        }
    UNROLLED for (size_t r = 0; r < rows; r++) {
        float rest = 0;
        for (size_t j = i; j < columns; j++) rest += widened(kind, stored(weights, j)) * x[r * columns + j];
        sums[r] = total8(_mm256_add_ps(sum[r][0], sum[r][1])) + rest;
    }
}

AVX2 static void products_avx2(octavo_half_kind kind, const uint16_t *weights, size_t columns, const float *x,
                               size_t rows, float *sums) {
    if (rows == ROWS) return products8(kind, weights, columns, x, ROWS, sums);
    for (size_t r = 0; r < rows; r++) products8(kind, weights, columns, x + r * columns, 1, sums + r);
}

AVX512 INLINE __m512 widen16(octavo_half_kind kind, __mmask16 which, const uint16_t *weights) {
    __m256i bits = _mm256_maskz_loadu_epi16(which, weights);
    if (kind == OCTAVO_HALF_IEEE) return _mm512_cvtph_ps(bits);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

AVX512 INLINE void products16(octavo_half_kind kind, const uint16_t *weights, size_t columns, const float *x,
                              size_t rows, float *sums) {
    __m512 sum[ROWS][2];
    UNROLLED for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 32 <= columns; i += 32)
        UNROLLED for (int k = 0; k < 2; k++) {
            __m512 w = widen16(kind, 0xFFFF, weights + i + 16 * k);
            UNROLLED for (size_t r = 0; r < rows; r++)
                sum[r][k] = _mm512_fmadd_ps(w, _mm512_loadu_ps(x + r * columns + i + 16 * k), sum[r][k]);
        }
    for (; i < columns; i += 16) {
        __mmask16 which = columns - i >= 16 ? 0xFFFF : (__mmask16)((1u << (columns - i)) - 1);
        __m512 w = widen16(kind, which, weights + i);
        UNROLLED for (size_t r = 0; r < rows; r++)
            sum[r][0] = _mm512_fmadd_ps(w, _mm512_maskz_loadu_ps(which, x + r * columns + i), sum[r][0]);
    }
    UNROLLED for (size_t r = 0; r < rows; r++) sums[r] = _mm512_reduce_add_ps(_mm512_add_ps(sum[r][0], sum[r][1]));
}

AVX512 static void products_avx512(octavo_half_kind kind, const uint16_t *weights, size_t columns, const float *x,
                                   size_t rows, float *sums) {
    if (rows == ROWS) return products16(kind, weights, columns, x, ROWS, sums);
    for (size_t r = 0; r < rows; r++) products16(kind, weights, columns, x + r * columns, 1, sums + r);
}
#endif

void octavo_half_products(octavo_isa isa, octavo_half_kind kind, const uint16_t *weights, size_t columns, size_t first,
                          size_t count, const float *x, size_t rows, float *out, size_t out_stride) {
    products_row *products = products_scalar;
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX2) products = products_avx2;
    if (isa == OCTAVO_ISA_AVX512) products = products_avx512;
#endif
    (void)isa;
    for (size_t o = first; o < first + count; o++)
        for (size_t r = 0; r < rows; r += ROWS) {
            float sums[ROWS];
            size_t some = rows - r < ROWS ? rows - r : ROWS;
            products(kind, weights + o * columns, columns, x + r * columns, some, sums);
            for (size_t k = 0; k < some; k++) out[(r + k) * out_stride + o] = sums[k];
        }
}

OCTAVO_BODY void octavo_widen_body(octavo_half_kind kind, const uint16_t *weights, size_t count, float *restrict out) {
    if (kind == OCTAVO_HALF_BRAIN) {
        for (size_t i = 0; i < count; i++) out[i] = widened(OCTAVO_HALF_BRAIN, stored(weights, i));
    } else {
        for (size_t i = 0; i < count; i++) out[i] = widened(OCTAVO_HALF_IEEE, stored(weights, i));
    }
}

OCTAVO_VARIANTS(void, octavo_widen, (octavo_half_kind kind, const uint16_t *weights, size_t count, float *out),
                (kind, weights, count, out))
