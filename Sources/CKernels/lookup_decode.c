#include "lookup.h"

// Outputs are taken 32 at a time: each code is then read from a cache line that is read whole, and a
// line of each weight row is filled before the next is begun.
enum { ROWS = 32 };

OCTAVO_BODY void decode_sized(size_t size, const octavo_lookup_shape *s, size_t groups, const uint8_t *codes,
                              const float *books, const float *scales, size_t first, size_t count, float *out,
                              size_t stride) {
    size_t mask = s->entries - 1;
    for (size_t tile = 0; tile < count; tile += ROWS) {
        size_t rows = count - tile < ROWS ? count - tile : ROWS;
        for (size_t g = 0; g < groups; g++) {
            const uint8_t *code = codes + g * s->codebooks * s->outputs + first + tile;
            for (size_t row = 0; row < rows; row++, code++) {
                float *weights = out + (tile + row) * stride + g * size;
                // In registers, where the compiler knows how many there are.
                float known[16], *sum = size <= 16 ? known : weights;
                const float *entry = books + (*code & mask) * size;
                for (size_t i = 0; i < size; i++) sum[i] = entry[i];
                for (size_t m = 1; m < s->codebooks; m++) {
                    entry = books + (m * s->entries + (code[m * s->outputs] & mask)) * size;
                    for (size_t i = 0; i < size; i++) sum[i] += entry[i];
                }
                float scale = scales[first + tile + row];
                for (size_t i = 0; i < size; i++) weights[i] = scale * sum[i];
            }
        }
    }
}

OCTAVO_BODY void octavo_lookup_decode_body(const octavo_lookup_shape *s, size_t groups, const uint8_t *codes,
                                           const float *books, const float *scales, size_t first, size_t count,
                                           float *out, size_t stride) {
    // The compiler unrolls loops of a length that it knows.
    switch (s->size) {
    case 4: decode_sized(4, s, groups, codes, books, scales, first, count, out, stride); break;
    case 8: decode_sized(8, s, groups, codes, books, scales, first, count, out, stride); break;
    case 16: decode_sized(16, s, groups, codes, books, scales, first, count, out, stride); break;
    default: decode_sized(s->size, s, groups, codes, books, scales, first, count, out, stride); break;
    }
}

OCTAVO_VARIANTS(void, octavo_lookup_decode,
                (const octavo_lookup_shape *shape, size_t groups, const uint8_t *codes, const float *books,
                 const float *scales, size_t first, size_t count, float *out, size_t stride),
                (shape, groups, codes, books, scales, first, count, out, stride))
