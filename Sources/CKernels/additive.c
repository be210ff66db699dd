#include "backward.h"
#include "variants.h"

// An entry is read as a whole by loops whose length the compiler must know to unroll them, so the
// usual lengths have bodies of their own.

OCTAVO_BODY void octavo_decode_sized(size_t size, const octavo_additive *s, size_t rows,
                                     const uint16_t *codes, const float *books, const float *scales,
                                     float *out) {
    for (size_t row = 0; row < rows; row++) {
        for (size_t group = 0; group < s->groups; group++, codes += s->codebooks, out += size) {
            for (size_t i = 0; i < size; i++) out[i] = 0;
            for (size_t m = 0; m < s->codebooks; m++) {
                const float *entry = books + (m * s->entries + codes[m]) * size;
                for (size_t i = 0; i < size; i++) out[i] += entry[i];
            }
            for (size_t i = 0; i < size; i++) out[i] *= scales[row];
        }
    }
}

OCTAVO_BODY void octavo_decode_backward_sized(size_t size, const octavo_additive *s, size_t rows,
                                              const uint16_t *codes, const float *books,
                                              const float *scales, const float *gradient,
                                              float *dbooks, float *dscales) {
    for (size_t row = 0; row < rows; row++) {
        float scale = scales[row], total = 0;
        for (size_t group = 0; group < s->groups; group++, codes += s->codebooks, gradient += size) {
            for (size_t m = 0; m < s->codebooks; m++) {
                size_t at = (m * s->entries + codes[m]) * size;
                float sum = 0;
                for (size_t i = 0; i < size; i++) {
                    OCTAVO_ANY_ORDER
                    sum += gradient[i] * books[at + i];
                    dbooks[at + i] += scale * gradient[i];
                }
                total += sum;
            }
        }
        dscales[row] = total;
    }
}

#define BY_SIZE(function, size, ...)                                                               \
    switch (size) {                                                                                \
    case 4: function(4, __VA_ARGS__); break;                                                       \
    case 8: function(8, __VA_ARGS__); break;                                                       \
    case 16: function(16, __VA_ARGS__); break;                                                     \
    default: function(size, __VA_ARGS__); break;                                                   \
    }

OCTAVO_BODY void octavo_decode_rows_body(const octavo_additive *s, size_t first, size_t rows,
                                         const uint16_t *codes, const float *books, const float *scales,
                                         float *restrict out) {
    codes += first * s->groups * s->codebooks;
    BY_SIZE(octavo_decode_sized, s->size, s, rows, codes, books, scales + first, out)
}

OCTAVO_BODY void octavo_decode_rows_backward_body(const octavo_additive *s, size_t first, size_t rows,
                                                  const uint16_t *codes, const float *books,
                                                  const float *scales, const float *gradient,
                                                  float *restrict dbooks, float *restrict dscales) {
    codes += first * s->groups * s->codebooks;
    gradient += first * s->groups * s->size;
    BY_SIZE(octavo_decode_backward_sized, s->size, s, rows, codes, books, scales + first, gradient,
            dbooks, dscales)
}

OCTAVO_VARIANTS(void, octavo_decode_rows,
                (const octavo_additive *shape, size_t first, size_t rows, const uint16_t *codes,
                 const float *books, const float *scales, float *out),
                (shape, first, rows, codes, books, scales, out))
OCTAVO_VARIANTS(void, octavo_decode_rows_backward,
                (const octavo_additive *shape, size_t first, size_t rows, const uint16_t *codes,
                 const float *books, const float *scales, const float *gradient, float *dbooks,
                 float *dscales),
                (shape, first, rows, codes, books, scales, gradient, dbooks, dscales))
