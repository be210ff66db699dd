#pragma once

#include <stdint.h>
#include <string.h>

#include "half.h"
#include "variants.h"

// What the encoders of blocks have in common: numbers rounded to levels, and the sums from which least
// squares give the scale and the error. Sixteen lanes, whatever the processor has.

#pragma STDC FP_CONTRACT OFF

enum { LANES = 16 };

// Added to a number and taken away again, it rounds it to a whole one, ties to even; meanwhile the low bits
// are the whole number itself.
#define ROUNDER 0x1.8p23f

// Of levels q that stand for numbers x: the sums of q, of q², and of x·q.
typedef struct {
    float levels, squares, products;
} level_sums;

OCTAVO_BODY float lanes_total(const float *lanes) {
    float half[8], quarter[4];
    for (int i = 0; i < 8; i++) half[i] = lanes[i] + lanes[i + 8];
    for (int i = 0; i < 4; i++) quarter[i] = half[i] + half[i + 4];
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

// The whole number within a range that is nearest; the lower end for what is no number.
OCTAVO_BODY float nearest(float value, float lowest, float highest) {
    value = value > lowest ? value : lowest;
    value = value < highest ? value : highest;
    return (value + ROUNDER) - ROUNDER;
}

// The level of (value + offset) · inverse.
OCTAVO_BODY level_sums level_moments(const float *values, int count, float offset, float inverse, float lowest,
                                     float highest) {
    float levels[LANES] = {0}, squares[LANES] = {0}, products[LANES] = {0};
    for (int i = 0; i < count; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float value = values[i + j];
            float level = nearest((value + offset) * inverse, lowest, highest);
            levels[j] += level;
            squares[j] += level * level;
            products[j] += value * level;
        }
    return (level_sums){lanes_total(levels), lanes_total(squares), lanes_total(products)};
}

// The low byte of a whole number, negative ones in two's complement.
OCTAVO_BODY uint8_t low_byte(float whole) {
    float sum = whole + ROUNDER;
    uint32_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return (uint8_t)bits;
}

OCTAVO_BODY void level_bytes(const float *values, int count, float offset, float inverse, float lowest,
                             float highest, uint8_t *out) {
    for (int i = 0; i < count; i++) out[i] = low_byte(nearest((values[i] + offset) * inverse, lowest, highest));
}

// The whole number within a range that is nearest to value / unit; 0 where there is no quotient.
OCTAVO_BODY float nearest_code(float value, float unit, float lowest, float highest) {
    return unit == 0 ? 0 : nearest(value / unit, lowest, highest);
}

OCTAVO_BODY float rounded_to_half(float value) { return half_value(half_bits(value)); }

OCTAVO_BODY void store_half(uint8_t *out, float value) {
    uint16_t bits = half_bits(value);
    out[0] = (uint8_t)bits;
    out[1] = (uint8_t)(bits >> 8);
}
