#include "blocks.h"
#include "levels.h"

// Q6_K: sixteen groups of 16 numbers d·a·q with 6 bits for q, -32…31, and 8 for each a, -128…127, which
// share the half d. As in Q4_K, each group's scale is sought by least squares over many roundings, codes are
// chosen with the levels rounded anew for each, and d follows by least squares.

enum { GROUPS = 16, SIZE = 16 };

// The codes of a block, their squared error less that of nothing at all, and what least squares make of the
// unit with them.
typedef struct {
    float unit;
    float scales[GROUPS];
    float error, better_unit;
} block_choice;

// The scale of the least error for a group; 0 if all its numbers are.
OCTAVO_BODY float fit_group(const float *x) {
    float low = x[0], high = x[0];
    for (int i = 1; i < SIZE; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float extreme = -low > high ? low : high;
    if (extreme == 0) return 0;
    float best = 0, scale = extreme / -32;
    // The extreme becomes the last level on either side, or lies somewhat beyond or before it.
    for (int step = -6; step <= 6; step++)
        for (int side = 0; side < 2; side++) {
            float last = side ? 31 + 0.2f * (float)step : -32 - 0.2f * (float)step;
            level_sums sums = level_moments(x, SIZE, 0, last / extreme, -32, 31);
            float gain = sums.products * sums.products / sums.squares;
            if (gain > best) {
                best = gain;
                scale = sums.products / sums.squares;
            }
        }
    return scale;
}

// The best codes for a unit, which is a half, near what each group would have by itself.
OCTAVO_BODY block_choice choose(const float *x, const float *fits, float unit) {
    block_choice choice = {.unit = unit};
    float squares = 0, products = 0;
    for (int g = 0; g < GROUPS; g++) {
        // Levels of 0, which every scale has.
        float middle = nearest_code(fits[g], unit, -128, 127), best = 0, a = middle;
        level_sums chosen = {0, 0, 0};
        for (int step = -1; step <= 1; step++) {
            float code = middle + (float)step, scale = unit * code;
            if (code < -128 || code > 127 || scale == 0) continue;
            level_sums sums = level_moments(x + g * SIZE, SIZE, 0, 1 / scale, -32, 31);
            float error = scale * (scale * sums.squares - 2 * sums.products);
            if (error < best) {
                best = error;
                a = code;
                chosen = sums;
            }
        }
        choice.scales[g] = a;
        choice.error += best;
        squares += a * a * chosen.squares;
        products += a * chosen.products;
    }
    choice.better_unit = squares > 0 ? products / squares : 0;
    return choice;
}

OCTAVO_BODY void store_block(const float *x, const block_choice *choice, uint8_t *out) {
    uint8_t levels[256];
    for (int g = 0; g < GROUPS; g++) {
        float scale = choice->unit * choice->scales[g];
        level_bytes(x + g * SIZE, SIZE, 0, scale != 0 ? 1 / scale : 0, -32, 31, levels + g * SIZE);
        out[192 + g] = low_byte(choice->scales[g]);
    }
    for (int i = 0; i < 256; i++) levels[i] = (uint8_t)(levels[i] + 32);
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *q = levels + 128 * half + i;
            out[64 * half + i] = (uint8_t)((q[0] & 15) | q[64] << 4);
            out[64 * half + 32 + i] = (uint8_t)((q[32] & 15) | q[96] << 4);
            out[128 + 32 * half + i] = (uint8_t)(q[0] >> 4 | q[32] >> 4 << 2 | q[64] >> 4 << 4 | q[96] >> 4 << 6);
        }
    store_half(out + 208, choice->unit);
}

OCTAVO_BODY void octavo_encode_q6_k_body(const float *values, uint8_t *out, size_t blocks) {
    for (size_t block = 0; block < blocks; block++) {
        const float *x = values + 256 * block;
        float fits[GROUPS], extreme = 0;
        for (int g = 0; g < GROUPS; g++) {
            fits[g] = fit_group(x + g * SIZE);
            extreme = __builtin_fabsf(fits[g]) > __builtin_fabsf(extreme) ? fits[g] : extreme;
        }
        block_choice choice = choose(x, fits, rounded_to_half(extreme / -128));
        for (int again = 0; again < 2; again++) {
            block_choice next = choose(x, fits, rounded_to_half(choice.better_unit));
            if (!(next.error < choice.error)) break;
            choice = next;
        }
        store_block(x, &choice, out + 210 * block);
    }
}

OCTAVO_VARIANTS(void, octavo_encode_q6_k, (const float *values, uint8_t *out, size_t blocks), (values, out, blocks))
