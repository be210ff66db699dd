#include "quantize.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#endif

// Each function below handles one row: `entry[m]` is the entry it uses of codebook m.

typedef void gather_row(size_t codebooks, size_t size, const float *const *entry, float scale, float *out);
typedef void scatter_row(size_t codebooks, size_t size, float *const *entry, float scale, const float *values);

static void gather_tail(size_t from, size_t codebooks, size_t size, const float *const *entry, float scale,
                        float *out) {
    for (size_t i = from; i < size; i++) {
        float sum = 0;
        for (size_t m = 0; m < codebooks; m++) sum += entry[m][i];
        out[i] = scale * sum;
    }
}

static void gather_scalar(size_t codebooks, size_t size, const float *const *entry, float scale, float *out) {
    gather_tail(0, codebooks, size, entry, scale, out);
}

static void scatter_tail(size_t from, size_t codebooks, size_t size, float *const *entry, float scale,
                         const float *values) {
    for (size_t m = 0; m < codebooks; m++)
        for (size_t i = from; i < size; i++) entry[m][i] += scale * values[i];
}

static void scatter_scalar(size_t codebooks, size_t size, float *const *entry, float scale, const float *values) {
    scatter_tail(0, codebooks, size, entry, scale, values);
}

#if defined(__x86_64__)
AVX2 static void gather_avx2(size_t codebooks, size_t size, const float *const *entry, float scale, float *out) {
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        __m256 sum = _mm256_setzero_ps();
        for (size_t m = 0; m < codebooks; m++) sum = _mm256_add_ps(sum, _mm256_loadu_ps(entry[m] + i));
        _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_set1_ps(scale), sum));
    }
    gather_tail(i, codebooks, size, entry, scale, out);
}

AVX2 static void scatter_avx2(size_t codebooks, size_t size, float *const *entry, float scale, const float *values) {
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        __m256 v = _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(values + i));
        for (size_t m = 0; m < codebooks; m++)
            _mm256_storeu_ps(entry[m] + i, _mm256_add_ps(_mm256_loadu_ps(entry[m] + i), v));
    }
    scatter_tail(i, codebooks, size, entry, scale, values);
}

AVX512 static void gather_avx512(size_t codebooks, size_t size, const float *const *entry, float scale, float *out) {
    for (size_t i = 0; i < size; i += 16) {
        __mmask16 k = size - i >= 16 ? 0xFFFF : (__mmask16)((1u << (size - i)) - 1);
        __m512 sum = _mm512_setzero_ps();
        for (size_t m = 0; m < codebooks; m++) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(k, entry[m] + i));
        _mm512_mask_storeu_ps(out + i, k, _mm512_mul_ps(_mm512_set1_ps(scale), sum));
    }
}

AVX512 static void scatter_avx512(size_t codebooks, size_t size, float *const *entry, float scale,
                                  const float *values) {
    for (size_t i = 0; i < size; i += 16) {
        __mmask16 k = size - i >= 16 ? 0xFFFF : (__mmask16)((1u << (size - i)) - 1);
        __m512 v = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_maskz_loadu_ps(k, values + i));
        for (size_t m = 0; m < codebooks; m++)
            _mm512_mask_storeu_ps(entry[m] + i, k, _mm512_add_ps(_mm512_maskz_loadu_ps(k, entry[m] + i), v));
    }
}
#endif

void octavo_gather(octavo_isa isa, const octavo_coded *s, const uint16_t *codes, const float *books,
                   const float *scales, float *out, size_t column, size_t stride) {
    gather_row *gather = gather_scalar;
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) gather = gather_avx512;
    if (isa == OCTAVO_ISA_AVX2) gather = gather_avx2;
#endif
    (void)isa;
    const float *entry[OCTAVO_CODEBOOKS_MAX];
    for (size_t row = 0; row < s->rows; row++, codes += s->codebooks) {
        for (size_t m = 0; m < s->codebooks; m++) entry[m] = books + (m * s->entries + codes[m]) * s->size;
        gather(s->codebooks, s->size, entry, scales[row], out + row * stride + column);
    }
}

void octavo_scatter(octavo_isa isa, const octavo_coded *s, const uint16_t *codes, const float *values,
                    size_t column, size_t stride, const float *scales, float *sums) {
    scatter_row *scatter = scatter_scalar;
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) scatter = scatter_avx512;
    if (isa == OCTAVO_ISA_AVX2) scatter = scatter_avx2;
#endif
    (void)isa;
    float *entry[OCTAVO_CODEBOOKS_MAX];
    for (size_t row = 0; row < s->rows; row++, codes += s->codebooks) {
        for (size_t m = 0; m < s->codebooks; m++) entry[m] = sums + (m * s->entries + codes[m]) * s->size;
        scatter(s->codebooks, s->size, entry, scales[row], values + row * stride + column);
    }
}

void octavo_count_usage(const octavo_coded *s, const uint16_t *codes, const float *weights, float *usage) {
    for (size_t row = 0; row < s->rows; row++, codes += s->codebooks)
        for (size_t m = 0; m < s->codebooks; m++) usage[m * s->entries + codes[m]] += weights[row];
}
