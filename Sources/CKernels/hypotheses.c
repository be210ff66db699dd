#include <math.h>
#include <string.h>

#include "quantize.h"

void octavo_merge_hypotheses(octavo_isa isa, size_t rows, size_t width, size_t limit, const float *bases,
                             const float *factors, const float *values, float *losses, uint32_t *choices,
                             float *scratch) {
    octavo_choice list[OCTAVO_BEAM_MAX];
    for (size_t row = 0; row < rows; row++) {
        const float *base = bases + row * width, *value = values + row * width * limit;
        for (size_t h = 0; h < width; h++)
            for (size_t i = 0; i < limit; i++)
                scratch[h * limit + i] = base[h] + factors[row] * value[h * limit + i];
        size_t length = octavo_keep_smallest(isa, width * limit, scratch, INFINITY, 0, width, 0, list);
        for (size_t h = 0; h < width; h++) {
            losses[row * width + h] = h < length ? list[h].value : INFINITY;
            choices[row * width + h] = h < length ? list[h].entry : 0;
        }
    }
}

void octavo_follow_parents(size_t rows, size_t width, const uint32_t *parents, float *values, size_t stride,
                           size_t column, size_t columns, float *scratch) {
    for (size_t row = 0; row < rows; row++, parents += width) {
        bool moved = false;
        for (size_t h = 0; h < width; h++) moved |= parents[h] != h;
        if (!moved) continue;
        float *from = values + row * width * stride + column;
        for (size_t h = 0; h < width; h++) memcpy(scratch + h * columns, from + h * stride, columns * sizeof(float));
        for (size_t h = 0; h < width; h++)
            if (parents[h] != h) memcpy(from + h * stride, scratch + parents[h] * columns, columns * sizeof(float));
    }
}
