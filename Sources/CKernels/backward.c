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

OCTAVO_BODY void octavo_rms_norm_backward_body(const float *x, const float *weight, size_t weights,
                                               const float *dy, float *dx, float *dweight, size_t first,
                                               size_t rows, size_t columns, float epsilon) {
    for (size_t row = first; row < first + rows; row++) {
        size_t at = row * columns, turn = row % weights * columns;
        octavo_rms_norm_row_backward(x + at, weight + turn, dy + at, dx + at, dweight + turn, columns,
                                     epsilon);
    }
}

OCTAVO_BODY void octavo_gate_product_backward_body(float *restrict gate, float *restrict up,
                                                   const float *restrict dy, size_t count, float linear,
                                                   float cubic) {
    for (size_t i = 0; i < count; i++) {
        float g = gate[i], square = cubic * g * g;
        float sigmoid = 1 / (1 + octavo_exp_one(-g * (linear + square)));
        float gated = g * sigmoid;
        gate[i] = dy[i] * up[i] * (sigmoid + gated * (1 - sigmoid) * (linear + 3 * square));
        up[i] = dy[i] * gated;
    }
}

OCTAVO_BODY void octavo_cap_backward_body(const float *restrict capped, float *restrict dy, size_t count,
                                          float cap) {
    float inverse = 1 / cap;
    for (size_t i = 0; i < count; i++) {
        float tanh = capped[i] * inverse;
        dy[i] *= 1 - tanh * tanh;
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
                                            size_t visible, size_t window) {
    for (size_t row = 0; row < rows; row++) {
        float *x = scores + row * stride;
        size_t end = visible + row, begin = end > window ? end - window : 0;
        float largest = octavo_largest_of(x + begin, end - begin), sum = 0;
        for (size_t i = begin; i < end; i++) {
            OCTAVO_ANY_ORDER
            x[i] = octavo_exp_one(x[i] - largest);
            sum += x[i];
        }
        float factor = 1 / sum;
        for (size_t i = 0; i < begin; i++) x[i] = 0;
        for (size_t i = begin; i < end; i++) x[i] *= factor;
        for (size_t i = end; i < columns; i++) x[i] = 0;
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
                (const float *x, const float *weight, size_t weights, const float *dy, float *dx,
                 float *dweight, size_t first, size_t rows, size_t columns, float epsilon),
                (x, weight, weights, dy, dx, dweight, first, rows, columns, epsilon))
OCTAVO_VARIANTS(void, octavo_gate_product_backward,
                (float *gate, float *up, const float *dy, size_t count, float linear, float cubic),
                (gate, up, dy, count, linear, cubic))
OCTAVO_VARIANTS(void, octavo_cap_backward,
                (const float *capped, float *dy, size_t count, float cap), (capped, dy, count, cap))
OCTAVO_VARIANTS(void, octavo_causal_softmax,
                (float *scores, size_t rows, size_t columns, size_t stride, size_t visible,
                 size_t window),
                (scores, rows, columns, stride, visible, window))
OCTAVO_VARIANTS(void, octavo_causal_softmax_backward,
                (const float *probabilities, float *gradients, size_t rows, size_t columns,
                 size_t stride, size_t visible, float scale),
                (probabilities, gradients, rows, columns, stride, visible, scale))
OCTAVO_VARIANTS(void, octavo_add_exponentials,
                (const float *x, float *out, size_t count, float shift, float factor, float keep),
                (x, out, count, shift, factor, keep))
