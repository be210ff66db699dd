#include "blocks.h"
#include "levels.h"

// Q4_K: eight groups of 32 numbers d·a·q - m·b with 4 bits for q and 6 for each a and b, which share the
// halves d and m.
//
// Of each group the scale and the offset are sought that give the least squared error: levels are rounded at
// many scales, and least squares give the best two numbers for each. Then a and b are chosen together, with
// the levels rounded anew for each choice, d and m follow by least squares, and all is chosen once more.
// (llama.cpp's reference seeks the first two numbers alike, but weights errors by magnitude and rounds a and
// b by themselves.)

enum { GROUPS = 8, SIZE = 32, STEPS = 18 };

// The numbers of a group: x ≈ scale·q - offset, neither negative; and the sum of all x.
typedef struct {
    float scale, offset, sum;
} group_fit;

// The codes of a block, their squared error less that of nothing at all, and what least squares make of the
// units with them.
typedef struct {
    float unit, offset_unit;
    float scales[GROUPS], offsets[GROUPS];
    float error, better_unit, better_offset_unit;
} block_choice;

OCTAVO_BODY float fit_error(float scale, float offset, float sum, level_sums sums) {
    return scale * (scale * sums.squares - 2 * sums.products) +
           offset * (SIZE * offset + 2 * sum - 2 * scale * sums.levels);
}

// Takes the best numbers for the levels at some numbers, if they are better.
OCTAVO_BODY void improve(const float *x, float inverse, float offset, group_fit *fit, float *best) {
    level_sums sums = level_moments(x, SIZE, offset, inverse, 0, 15);
    float determinant = SIZE * sums.squares - sums.levels * sums.levels;
    if (!(determinant > 0)) return;
    float scale = (SIZE * sums.products - fit->sum * sums.levels) / determinant;
    float least = (scale * sums.levels - fit->sum) / SIZE;
    if (least < 0) {
        scale = sums.products / sums.squares;
        least = 0;
    }
    float error = fit_error(scale, least, fit->sum, sums);
    if (!(scale > 0 && error < *best)) return;
    *best = error;
    fit->scale = scale;
    fit->offset = least;
}

OCTAVO_BODY group_fit fit_group(const float *x) {
    float sums[LANES], low = 0, high = x[0];
    for (int j = 0; j < LANES; j++) sums[j] = x[j] + x[j + LANES];
    for (int i = 0; i < SIZE; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float span = high - low, best = __builtin_inff();
    group_fit fit = {span > 0 ? span / 15 : 0, -low, lanes_total(sums)};
    if (!(span > 0)) return fit;
    // Beyond 15 the extremes are cut off, which pays where they are far from all others.
    for (int step = 0; step < STEPS; step++) improve(x, (13.6f + 0.3f * (float)step) / span, -low, &fit, &best);
    for (int again = 0; again < 2; again++)
        if (fit.scale > 0) improve(x, 1 / fit.scale, fit.offset, &fit, &best);
    return fit;
}

// The best codes for two units, which are halves, near what each group would have by itself.
OCTAVO_BODY block_choice choose(const float *x, const group_fit *fits, float unit, float offset_unit) {
    block_choice choice = {.unit = unit, .offset_unit = offset_unit};
    float aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
    for (int g = 0; g < GROUPS; g++) {
        float sum = fits[g].sum, best = __builtin_inff(), a = 0, b = 0;
        level_sums chosen = {0, 0, 0};
        float middle = nearest_code(fits[g].scale, unit, 0, 63);
        float usual = nearest_code(fits[g].offset, offset_unit, 0, 63);
        for (int step = -1; step <= 1; step++) {
            float code = middle + (float)step;
            if (code < 0 || code > 63) continue;
            float scale = unit * code, inverse = scale > 0 ? 1 / scale : 0, offset = usual;
            for (int again = 0; again < 2; again++) {
                level_sums sums = level_moments(x + g * SIZE, SIZE, offset_unit * offset, inverse, 0, 15);
                // These levels may do better with another offset.
                float next = nearest_code((scale * sums.levels - sum) / SIZE, offset_unit, 0, 63);
                float error = fit_error(scale, offset_unit * next, sum, sums);
                if (error < best) {
                    best = error;
                    a = code;
                    b = next;
                    chosen = sums;
                }
                if (next == offset) break;
                offset = next;
            }
        }
        choice.scales[g] = a;
        choice.offsets[g] = b;
        choice.error += best;
        aa += a * a * chosen.squares;
        ab += a * b * chosen.levels;
        bb += SIZE * b * b;
        ax += a * chosen.products;
        bx += b * sum;
    }
    float determinant = aa * bb - ab * ab;
    choice.better_unit = determinant > 0 ? (ax * bb - ab * bx) / determinant : aa > 0 ? ax / aa : 0;
    choice.better_offset_unit = determinant > 0 ? (ab * ax - aa * bx) / determinant : 0;
    return choice;
}

OCTAVO_BODY void store_block(const float *x, const block_choice *choice, uint8_t *out) {
    store_half(out, choice->unit);
    store_half(out + 2, choice->offset_unit);
    for (int i = 0; i < 4; i++) {
        uint8_t a = low_byte(choice->scales[i]), b = low_byte(choice->offsets[i]);
        uint8_t c = low_byte(choice->scales[i + 4]), d = low_byte(choice->offsets[i + 4]);
        out[4 + i] = (uint8_t)(a | c >> 4 << 6);
        out[8 + i] = (uint8_t)(b | d >> 4 << 6);
        out[12 + i] = (uint8_t)((c & 15) | d << 4);
    }
    uint8_t levels[GROUPS][SIZE];
    for (int g = 0; g < GROUPS; g++) {
        float scale = choice->unit * choice->scales[g];
        level_bytes(x + g * SIZE, SIZE, choice->offset_unit * choice->offsets[g], scale > 0 ? 1 / scale : 0, 0, 15,
                    levels[g]);
    }
    for (int g = 0; g < GROUPS; g += 2)
        for (int i = 0; i < SIZE; i++) out[16 + g * 16 + i] = (uint8_t)(levels[g][i] | levels[g + 1][i] << 4);
}

OCTAVO_BODY void octavo_encode_q4_k_body(const float *values, uint8_t *out, size_t blocks) {
    for (size_t block = 0; block < blocks; block++) {
        const float *x = values + 256 * block;
        group_fit fits[GROUPS];
        float scale = 0, offset = 0;
        for (int g = 0; g < GROUPS; g++) {
            fits[g] = fit_group(x + g * SIZE);
            scale = fits[g].scale > scale ? fits[g].scale : scale;
            offset = fits[g].offset > offset ? fits[g].offset : offset;
        }
        block_choice choice = choose(x, fits, rounded_to_half(scale / 63), rounded_to_half(offset / 63));
        for (int again = 0; again < 2; again++) {
            float unit = choice.better_unit > 0 ? choice.better_unit : 0;
            float offset_unit = choice.better_offset_unit > 0 ? choice.better_offset_unit : 0;
            block_choice next = choose(x, fits, rounded_to_half(unit), rounded_to_half(offset_unit));
            if (!(next.error < choice.error)) break;
            choice = next;
        }
        store_block(x, &choice, out + 144 * block);
    }
}

OCTAVO_VARIANTS(void, octavo_encode_q4_k, (const float *values, uint8_t *out, size_t blocks), (values, out, blocks))
