#include <math.h>

#include "exponential.h"
#include "inference.h"
#include "variants.h"

OCTAVO_BODY void octavo_exp_body(const float *x, float *out, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = octavo_exp_one(x[i]);
}

OCTAVO_BODY void octavo_rms_norm_body(const float *x, const float *weight, float *out, size_t count,
                                      float epsilon) {
    float squares = 0;
    for (size_t i = 0; i < count; i++) {
        OCTAVO_ANY_ORDER
        squares += x[i] * x[i];
    }
    float factor = 1 / sqrtf(squares / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) out[i] = x[i] * factor * weight[i];
}

OCTAVO_BODY void octavo_center_body(float *x, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) {
        OCTAVO_ANY_ORDER
        sum += x[i];
    }
    float mean = sum / (float)count;
    for (size_t i = 0; i < count; i++) x[i] -= mean;
}

OCTAVO_BODY void octavo_gate_product_body(float *restrict gate, const float *restrict up, size_t count,
                                          float linear, float cubic) {
    for (size_t i = 0; i < count; i++) {
        float g = gate[i], slope = linear + cubic * g * g;
        gate[i] = g / (1 + octavo_exp_one(-g * slope)) * up[i];
    }
}

OCTAVO_BODY void octavo_cap_body(float *x, size_t count, float cap) {
    float inverse = 1 / cap;
    for (size_t i = 0; i < count; i++) x[i] = cap * octavo_tanh_one(x[i] * inverse);
}

OCTAVO_BODY void octavo_add_body(float *restrict y, const float *restrict x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

OCTAVO_BODY void octavo_rotate_halves_body(float *x, const float *restrict cosines,
                                           const float *restrict sines, size_t heads, size_t width,
                                           size_t pairs) {
    for (size_t head = 0; head < heads; head++) {
        float *restrict first = x + head * width, *restrict second = first + pairs;
        for (size_t i = 0; i < pairs; i++) {
            float a = first[i], b = second[i];
            first[i] = a * cosines[i] - b * sines[i];
            second[i] = b * cosines[i] + a * sines[i];
        }
    }
}

OCTAVO_BODY void octavo_rotate_neighbours_body(float *x, const float *restrict cosines,
                                               const float *restrict sines, size_t heads, size_t width,
                                               size_t pairs) {
    for (size_t head = 0; head < heads; head++) {
        float *restrict pair = x + head * width;
        for (size_t i = 0; i < pairs; i++) {
            float a = pair[2 * i], b = pair[2 * i + 1];
            pair[2 * i] = a * cosines[i] - b * sines[i];
            pair[2 * i + 1] = b * cosines[i] + a * sines[i];
        }
    }
}

OCTAVO_BODY float octavo_largest_body(const float *x, size_t count) {
    float largest = x[0];
    for (size_t i = 1; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

// Float carries the sum of a stretch this long with an error near that of exp itself.
enum { STRETCH = 256 };

OCTAVO_BODY double octavo_exp_sum_body(const float *x, size_t count, float shift) {
    double total = 0;
    for (size_t start = 0; start < count; start += STRETCH) {
        size_t end = start + STRETCH < count ? start + STRETCH : count;
        float sum = 0;
        for (size_t i = start; i < end; i++) {
            OCTAVO_ANY_ORDER
            sum += octavo_exp_one(x[i] - shift);
        }
        total += sum;
    }
    return total;
}

OCTAVO_BODY double octavo_exp_difference_body(const float *x, const float *y, size_t count,
                                              float shift) {
    double total = 0;
    for (size_t start = 0; start < count; start += STRETCH) {
        size_t end = start + STRETCH < count ? start + STRETCH : count;
        float sum = 0;
        for (size_t i = start; i < end; i++) {
            OCTAVO_ANY_ORDER
            sum += octavo_exp_one(x[i] - shift) * (x[i] - y[i]);
        }
        total += sum;
    }
    return total;
}

OCTAVO_VARIANTS(void, octavo_exp, (const float *x, float *out, size_t count), (x, out, count))
OCTAVO_VARIANTS(void, octavo_rms_norm,
                (const float *x, const float *weight, float *out, size_t count, float epsilon),
                (x, weight, out, count, epsilon))
OCTAVO_VARIANTS(void, octavo_center, (float *x, size_t count), (x, count))
OCTAVO_VARIANTS(void, octavo_gate_product,
                (float *gate, const float *up, size_t count, float linear, float cubic),
                (gate, up, count, linear, cubic))
OCTAVO_VARIANTS(void, octavo_cap, (float *x, size_t count, float cap), (x, count, cap))
OCTAVO_VARIANTS(void, octavo_add, (float *y, const float *x, size_t count), (y, x, count))
OCTAVO_VARIANTS(void, octavo_rotate_halves,
                (float *x, const float *cosines, const float *sines, size_t heads, size_t width,
                 size_t pairs),
                (x, cosines, sines, heads, width, pairs))
OCTAVO_VARIANTS(void, octavo_rotate_neighbours,
                (float *x, const float *cosines, const float *sines, size_t heads, size_t width,
                 size_t pairs),
                (x, cosines, sines, heads, width, pairs))
OCTAVO_VARIANTS(float, octavo_largest, (const float *x, size_t count), (x, count))
OCTAVO_VARIANTS(double, octavo_exp_sum, (const float *x, size_t count, float shift),
                (x, count, shift))
OCTAVO_VARIANTS(double, octavo_exp_difference,
                (const float *x, const float *y, size_t count, float shift), (x, y, count, shift))
