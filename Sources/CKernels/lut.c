#include "inference.h"
#include "variants.h"

OCTAVO_BODY void octavo_lookup_sums_body(const float *restrict table, size_t entries,
                                         const uint16_t *restrict codes, size_t length,
                                         const float *restrict scales, size_t outputs,
                                         float *restrict out) {
    for (size_t o = 0; o < outputs; o++) {
        const uint16_t *row = codes + o * length;
        float sum = 0;
        for (size_t p = 0; p < length; p++) {
            OCTAVO_ANY_ORDER
            sum += table[p * entries + (row[p] & (entries - 1))];
        }
        out[o] = sum * scales[o];
    }
}

OCTAVO_VARIANTS(void, octavo_lookup_sums,
                (const float *table, size_t entries, const uint16_t *codes, size_t length,
                 const float *scales, size_t outputs, float *out),
                (table, entries, codes, length, scales, outputs, out))
