#include "exponential.h"
#include "inference.h"
#include "variants.h"

OCTAVO_BODY void octavo_attend_body(const float *restrict query, const float *restrict keys,
                                    const float *restrict values, size_t stride, size_t count,
                                    size_t dimension, float scale, float cap,
                                    float *restrict scores, float *restrict out) {
    for (size_t i = 0; i < count; i++) {
        const float *key = keys + i * stride;
        float dot = 0;
        for (size_t d = 0; d < dimension; d++) {
            OCTAVO_ANY_ORDER
            dot += query[d] * key[d];
        }
        scores[i] = dot * scale;
    }
    if (cap > 0)
        for (size_t i = 0; i < count; i++) scores[i] = cap * octavo_tanh_one(scores[i] / cap);

    float largest = scores[0], sum = 0;
    for (size_t i = 1; i < count; i++) largest = scores[i] > largest ? scores[i] : largest;
    for (size_t i = 0; i < count; i++) {
        OCTAVO_ANY_ORDER
        scores[i] = octavo_exp_one(scores[i] - largest);
        sum += scores[i];
    }

    for (size_t d = 0; d < dimension; d++) out[d] = 0;
    // Four values at a time: `out` is read and written once for all of them.
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float *v = values + i * stride;
        for (size_t d = 0; d < dimension; d++) {
            OCTAVO_ANY_ORDER
            out[d] += scores[i] * v[d] + scores[i + 1] * v[d + stride] +
                      scores[i + 2] * v[d + 2 * stride] + scores[i + 3] * v[d + 3 * stride];
        }
    }
    for (; i < count; i++)
        for (size_t d = 0; d < dimension; d++) out[d] += scores[i] * values[i * stride + d];
    for (size_t d = 0; d < dimension; d++) out[d] /= sum;
}

OCTAVO_VARIANTS(void, octavo_attend,
                (const float *query, const float *keys, const float *values, size_t stride,
                 size_t count, size_t dimension, float scale, float cap, float *scores, float *out),
                (query, keys, values, stride, count, dimension, scale, cap, scores, out))
