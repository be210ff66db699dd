#include "backward.h"

#include <math.h>

#include "exponential.h"
#include "variants.h"

OCTAVO_BODY void octavo_rms_norm_row_backward(const float *restrict x, const float *restrict weight,
                                              const float *restrict dy, float *restrict dx,
                                              float *restrict dweight, size_t count, float epsilon) {
    float squares = 0, dot = 0;
    for (size_t i = 0; i < count; i++) {
        OCTAVO_ANY_ORDER
        squares += x[i] * x[i];
        dot += x[i] * weight[i] * dy[i];
    }
    // y = x f w with f = (mean(x²) + epsilon)^-½, and df/dx = -f³ x / count.
    float factor = 1 / sqrtf(squares / (float)count + epsilon);
    float pull = dot / (float)count * factor * factor;
    for (size_t i = 0; i < count; i++) {
        dx[i] += factor * (weight[i] * dy[i] - pull * x[i]);
        dweight[i] += factor * x[i] * dy[i];
    }
}

OCTAVO_BODY void octavo_rms_norm_backward_body(const float *x, const float *weight, const float *dy,
                                               float *dx, float *dweight, size_t first, size_t rows,
                                               size_t columns, float epsilon) {
    for (size_t at = first * columns; at < (first + rows) * columns; at += columns)
        octavo_rms_norm_row_backward(x + at, weight, dy + at, dx + at, dweight, columns, epsilon);
}

OCTAVO_BODY void octavo_silu_product_backward_body(float *restrict gate, float *restrict up,
                                                   const float *restrict dy, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float sigmoid = 1 / (1 + octavo_exp_one(-gate[i]));
        float silu = gate[i] * sigmoid;
        gate[i] = dy[i] * up[i] * (sigmoid + silu * (1 - sigmoid));
        up[i] = dy[i] * silu;
    }
}

enum { LANES = 16 };

// Lanes of their own let the compiler compare many at a time without reordering anything.
OCTAVO_BODY float octavo_largest_of(const float *x, size_t count) {
    float largest = x[0];
    size_t i = 0;
    if (count >= LANES) {
        float lanes[LANES];
        for (size_t l = 0; l < LANES; l++) lanes[l] = x[l];
        for (i = LANES; i + LANES <= count; i += LANES)
            for (size_t l = 0; l < LANES; l++) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
        for (size_t l = 0; l < LANES; l++) largest = lanes[l] > largest ? lanes[l] : largest;
    }
    for (; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

OCTAVO_BODY void octavo_causal_softmax_body(float *scores, size_t rows, size_t columns, size_t stride,
                                            size_t visible) {
    for (size_t row = 0; row < rows; row++) {
        float *x = scores + row * stride;
        size_t count = visible + row;
        float largest = octavo_largest_of(x, count), sum = 0;
        for (size_t i = 0; i < count; i++) {
            OCTAVO_ANY_ORDER
            x[i] = octavo_exp_one(x[i] - largest);
            sum += x[i];
        }
        float factor = 1 / sum;
        for (size_t i = 0; i < count; i++) x[i] *= factor;
        for (size_t i = count; i < columns; i++) x[i] = 0;
    }
}

OCTAVO_BODY void octavo_causal_softmax_backward_body(const float *restrict probabilities,
                                                     float *restrict gradients, size_t rows,
                                                     size_t columns, size_t stride, size_t visible,
                                                     float scale) {
    for (size_t row = 0; row < rows; row++) {
        const float *p = probabilities + row * stride;
        float *d = gradients + row * stride;
        size_t count = visible + row;
        float mean = 0;
        for (size_t i = 0; i < count; i++) {
            OCTAVO_ANY_ORDER
            mean += p[i] * d[i];
        }
        for (size_t i = 0; i < count; i++) d[i] = scale * p[i] * (d[i] - mean);
        for (size_t i = count; i < columns; i++) d[i] = 0;
    }
}

OCTAVO_BODY void octavo_add_exponentials_body(const float *x, float *out, size_t count, float shift,
                                              float factor, float keep) {
    for (size_t i = 0; i < count; i++) out[i] = keep * out[i] + factor * octavo_exp_one(x[i] - shift);
}

OCTAVO_VARIANTS(void, octavo_rms_norm_backward,
                (const float *x, const float *weight, const float *dy, float *dx, float *dweight,
                 size_t first, size_t rows, size_t columns, float epsilon),
                (x, weight, dy, dx, dweight, first, rows, columns, epsilon))
OCTAVO_VARIANTS(void, octavo_silu_product_backward,
                (float *gate, float *up, const float *dy, size_t count), (gate, up, dy, count))
OCTAVO_VARIANTS(void, octavo_causal_softmax,
                (float *scores, size_t rows, size_t columns, size_t stride, size_t visible),
                (scores, rows, columns, stride, visible))
OCTAVO_VARIANTS(void, octavo_causal_softmax_backward,
                (const float *probabilities, float *gradients, size_t rows, size_t columns,
                 size_t stride, size_t visible, float scale),
                (probabilities, gradients, rows, columns, stride, visible, scale))
OCTAVO_VARIANTS(void, octavo_add_exponentials,
                (const float *x, float *out, size_t count, float shift, float factor, float keep),
                (x, out, count, shift, factor, keep))
