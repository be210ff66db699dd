#include "gathered.h"

#include "levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512                                                                                                       \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512bw,avx512dq"), min_vector_width(512)))
#define INLINE static inline __attribute__((always_inline))
#endif

OCTAVO_BODY size_t code_at(const octavo_lookup_shape *s, const uint16_t *codes, size_t i) {
    uint16_t code;
    memcpy(&code, codes + i, sizeof code);
    return code & (s->entries - 1);
}

OCTAVO_BODY float number_at(octavo_entries books, size_t i) {
    return books.floats ? books.floats[i] : half_value(books.halves[i]);
}

// The sum for one output over groups from `from` on.
typedef float product_row(const octavo_lookup_shape *s, size_t groups, const uint16_t *codes, octavo_entries books,
                          const float *x);

OCTAVO_BODY float product_tail(const octavo_lookup_shape *s, size_t from, size_t groups, const uint16_t *codes,
                               octavo_entries books, const float *x) {
    float total = 0;
    for (size_t g = from; g < groups; g++)
        for (size_t m = 0; m < s->codebooks; m++) {
            size_t at = (m * s->entries + code_at(s, codes, g * s->codebooks + m)) * s->size;
            float sum = 0;
            for (size_t i = 0; i < s->size; i++) sum += number_at(books, at + i) * x[g * s->size + i];
            total += sum;
        }
    return total;
}

static float product_scalar(const octavo_lookup_shape *s, size_t groups, const uint16_t *codes, octavo_entries books,
                            const float *x) {
    return product_tail(s, 0, groups, codes, books, x);
}

#if defined(__x86_64__)
AVX2 INLINE __m256 entry8(octavo_entries books, size_t at) {
    if (books.floats) return _mm256_loadu_ps(books.floats + at);
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)(books.halves + at)));
}

AVX2 INLINE float total8(__m256 v) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Groups whose length is a multiple of eight.
AVX2 static float product_avx2(const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                               octavo_entries books, const float *x) {
    if (s->size % 8) return product_tail(s, 0, groups, codes, books, x);
    __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    for (size_t g = 0; g < groups; g++)
        for (size_t m = 0; m < s->codebooks; m++) {
            size_t at = (m * s->entries + code_at(s, codes, g * s->codebooks + m)) * s->size;
            for (size_t i = 0; i < s->size; i += 8)
                sums[g & 1] = _mm256_fmadd_ps(entry8(books, at + i), _mm256_loadu_ps(x + g * s->size + i), sums[g & 1]);
        }
    return total8(_mm256_add_ps(sums[0], sums[1]));
}

AVX512 INLINE __m512 two_entries(octavo_entries books, size_t one, size_t two) {
    if (books.floats)
        return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(books.floats + one)),
                                  _mm256_loadu_ps(books.floats + two), 1);
    __m256i bits = _mm256_castsi128_si256(_mm_loadu_si128((const void *)(books.halves + one)));
    return _mm512_cvtph_ps(_mm256_inserti128_si256(bits, _mm_loadu_si128((const void *)(books.halves + two)), 1));
}

// Two groups of eight at a time.
AVX512 static float product_avx512(const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                                   octavo_entries books, const float *x) {
    if (s->size != 8) return product_avx2(s, groups, codes, books, x);
    __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    size_t g = 0;
    for (; g + 4 <= groups; g += 4)
        for (size_t m = 0; m < s->codebooks; m++) {
            size_t book = m * s->entries, at = g * s->codebooks + m;
            for (size_t k = 0; k < 2; k++, at += 2 * s->codebooks) {
                size_t one = 8 * (book + code_at(s, codes, at));
                size_t two = 8 * (book + code_at(s, codes, at + s->codebooks));
                sums[k] = _mm512_fmadd_ps(two_entries(books, one, two), _mm512_loadu_ps(x + 8 * g + 16 * k), sums[k]);
            }
        }
    return _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1])) + product_tail(s, g, groups, codes, books, x);
}
#endif

void octavo_gathered_product(octavo_isa isa, const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                             octavo_entries books, const float *scales, const float *x, size_t first, size_t count,
                             float *out) {
    product_row *product = product_scalar;
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX2) product = product_avx2;
    if (isa == OCTAVO_ISA_AVX512) product = product_avx512;
#endif
    (void)isa;
    for (size_t o = first; o < first + count; o++)
        out[o] = scales[o] * product(s, groups, codes + o * groups * s->codebooks, books, x);
}

OCTAVO_BODY void decode_gathered(size_t size, const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                                 octavo_entries books, const float *scales, size_t first, size_t count, float *out,
                                 size_t stride) {
    codes += first * groups * s->codebooks;
    for (size_t row = 0; row < count; row++)
        for (size_t g = 0; g < groups; g++, codes += s->codebooks) {
            float *weights = out + row * stride + g * size;
            // In registers, where the compiler knows how many there are.
            float known[16], *sum = size <= 16 ? known : weights;
            for (size_t i = 0; i < size; i++) sum[i] = 0;
            for (size_t m = 0; m < s->codebooks; m++) {
                size_t at = (m * s->entries + code_at(s, codes, m)) * size;
                for (size_t i = 0; i < size; i++) sum[i] += number_at(books, at + i);
            }
            for (size_t i = 0; i < size; i++) weights[i] = scales[first + row] * sum[i];
        }
}

OCTAVO_BODY void octavo_gathered_decode_body(const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                                             octavo_entries books, const float *scales, size_t first, size_t count,
                                             float *out, size_t stride) {
    if (s->size == 8) return decode_gathered(8, s, groups, codes, books, scales, first, count, out, stride);
    if (s->size == 16) return decode_gathered(16, s, groups, codes, books, scales, first, count, out, stride);
    decode_gathered(s->size, s, groups, codes, books, scales, first, count, out, stride);
}

OCTAVO_VARIANTS(void, octavo_gathered_decode,
                (const octavo_lookup_shape *shape, size_t groups, const uint16_t *codes, octavo_entries books,
                 const float *scales, size_t first, size_t count, float *out, size_t stride),
                (shape, groups, codes, books, scales, first, count, out, stride))
