#include "tuning.h"

#include <math.h>

#include "variants.h"

// Sums of so many terms are formed in float; these sums are added in double.
enum { RUN = 256 };

OCTAVO_BODY float octavo_square_moments_run(const float *restrict gradient, float *restrict square, size_t count,
                                            float decay, float correction, float floor) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) {
        OCTAVO_ANY_ORDER
        float g = gradient[i];
        square[i] = decay * square[i] + (1 - decay) * g * g;
        float step = g / (sqrtf(square[i]) * correction + floor);
        sum += step * step;
    }
    return sum;
}

OCTAVO_BODY double octavo_square_moments_body(const float *gradient, float *square, size_t count, float decay,
                                              float correction, float floor) {
    double sum = 0;
    for (size_t i = 0; i < count; i += RUN) {
        size_t run = count - i < RUN ? count - i : RUN;
        sum += octavo_square_moments_run(gradient + i, square + i, run, decay, correction, floor);
    }
    return sum;
}

OCTAVO_BODY void octavo_descend_body(const float *restrict gradient, const float *restrict square,
                                     float *restrict values, size_t count, float rate, float correction,
                                     float floor) {
    for (size_t i = 0; i < count; i++)
        values[i] -= rate * gradient[i] / (sqrtf(square[i]) * correction + floor);
}

OCTAVO_BODY void octavo_group_distances_body(const float *restrict a, const float *restrict b,
                                             float *restrict out, size_t count, size_t size) {
    for (size_t group = 0; group < count; group++) {
        float sum = 0;
        for (size_t i = group * size; i < (group + 1) * size; i++) {
            OCTAVO_ANY_ORDER
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        out[group] = sum;
    }
}

OCTAVO_VARIANTS(double, octavo_square_moments,
                (const float *gradient, float *square, size_t count, float decay, float correction, float floor),
                (gradient, square, count, decay, correction, floor))
OCTAVO_VARIANTS(void, octavo_descend,
                (const float *gradient, const float *square, float *values, size_t count, float rate,
                 float correction, float floor),
                (gradient, square, values, count, rate, correction, floor))
OCTAVO_VARIANTS(void, octavo_group_distances,
                (const float *a, const float *b, float *out, size_t count, size_t size),
                (a, b, out, count, size))
