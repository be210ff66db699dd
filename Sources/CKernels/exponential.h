#pragma once

#include <stdint.h>
#include <string.h>

#include "variants.h"

// exp(x) = 2^n · exp(r) with n = round(x / ln 2), so that |r| <= ln 2 / 2, where the polynomial of
// Cephes' expf (Moshier) is good to float's precision. No branches: the compiler does many at a time.
OCTAVO_BODY float octavo_exp_one(float x) {
    x = x > -87 ? x : -87;
    x = x < 88 ? x : 88;
    // Adding 1.5 · 2^23 leaves the nearest whole number in the last bits of the mantissa.
    float shifted = x * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    // ln 2 in two parts: the first has few enough bits for n times it to be exact.
    float r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    int32_t power = (bits - 0x4B400000 + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &power, sizeof scale);
    return p * scale;
}

// tanh(x) = ±(1 - e) / (1 + e) with e = exp(-2 |x|): within a few units in the last place of 1.
OCTAVO_BODY float octavo_tanh_one(float x) {
    float e = octavo_exp_one(-2 * __builtin_fabsf(x));
    return __builtin_copysignf((1 - e) / (1 + e), x);
}
