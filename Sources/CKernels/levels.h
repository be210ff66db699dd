#pragma once

#include <stdint.h>
#include <string.h>

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

// A number as an IEEE half, rounded to nearest with ties to even.
OCTAVO_BODY uint16_t half_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7C00);
    if (magnitude < 0x38800000) {
        // Subnormal: adding 0.5 puts the wanted bits at the end of the mantissa, rounded.
        float shifted;
        memcpy(&shifted, &magnitude, sizeof shifted);
        shifted += 0.5f;
        memcpy(&bits, &shifted, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3F000000));
    }
    return (uint16_t)(sign | (magnitude + 0xC8000FFF + (magnitude >> 13 & 1)) >> 13);
}

// What a half stands for.
OCTAVO_BODY float half_value(uint16_t half) {
    uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    return half & 0x8000 ? -value : value;
}

OCTAVO_BODY float rounded_to_half(float value) { return half_value(half_bits(value)); }

OCTAVO_BODY void store_half(uint8_t *out, float value) {
    uint16_t bits = half_bits(value);
    out[0] = (uint8_t)bits;
    out[1] = (uint8_t)(bits >> 8);
}
