#include <string.h>

#include "attention.h"
#include "half.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Numbers on their way into a cache, OCTAVO_KEY_TILE at a time.

enum { TILE = OCTAVO_KEY_TILE };

typedef void narrow_tile(const float *x, uint16_t *out);

static void narrow_scalar(const float *x, uint16_t *out) {
    for (size_t i = 0; i < TILE; i++) out[i] = half_bits(x[i]);
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static void narrow_f16c(const float *x, uint16_t *out) {
    for (size_t i = 0; i < TILE; i += 8)
        _mm_storeu_si128((__m128i *)(out + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
}
#endif

static narrow_tile *narrow_for(octavo_isa isa) {
#if defined(__x86_64__)
    if (isa != OCTAVO_ISA_SCALAR) return narrow_f16c;
#endif
    (void)isa;
    return narrow_scalar;
}

// Up to a tile of numbers, zeros behind them.
static void load_tile(const float *x, size_t count, float *tile) {
    if (count < TILE) memset(tile, 0, TILE * sizeof(float));
    memcpy(tile, x, (count < TILE ? count : TILE) * sizeof(float));
}

void octavo_store_keys(octavo_isa isa, const float *x, size_t stride, size_t count, size_t position,
                       size_t dimension, int halves, void *keys) {
    narrow_tile *narrow = narrow_for(isa);
    float floats[TILE][TILE];
    uint16_t narrowed[TILE][TILE];
    for (size_t end = position + count, taken; position < end; position += taken, x += taken * stride) {
        size_t lane = position % TILE;
        taken = TILE - lane < end - position ? TILE - lane : end - position;
        for (size_t d = 0; d < dimension; d += TILE) {
            size_t width = dimension - d < TILE ? dimension - d : TILE;
            size_t at = (position - lane) * dimension + d * TILE + lane;
            for (size_t t = 0; t < taken; t++) {
                load_tile(x + t * stride + d, width, floats[t]);
                if (halves) narrow(floats[t], narrowed[t]);
            }
            if (halves)
                for (size_t i = 0; i < width; i++)
                    for (size_t t = 0; t < taken; t++) ((uint16_t *)keys)[at + i * TILE + t] = narrowed[t][i];
            else
                for (size_t i = 0; i < width; i++)
                    for (size_t t = 0; t < taken; t++) ((float *)keys)[at + i * TILE + t] = floats[t][i];
        }
    }
}

void octavo_store_values(octavo_isa isa, const float *x, size_t stride, size_t count, size_t position,
                         size_t dimension, int halves, void *values) {
    narrow_tile *narrow = narrow_for(isa);
    size_t row = octavo_value_width(dimension);
    for (size_t t = 0; t < count; t++)
        for (size_t d = 0; d < dimension; d += TILE) {
            float tile[TILE];
            load_tile(x + t * stride + d, dimension - d, tile);
            size_t at = (position + t) * row + d;
            if (halves)
                narrow(tile, (uint16_t *)values + at);
            else
                memcpy((float *)values + at, tile, sizeof tile);
        }
}

OCTAVO_BODY int octavo_fits_halves_body(const float *x, size_t count) {
    uint32_t beyond = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        // Compared as whole numbers, magnitudes are in order, and infinity and NaN are above them all.
        beyond |= (bits & 0x7FFFFFFF) > 0x477FE000;
    }
    return !beyond;
}

OCTAVO_BODY void octavo_widen_halves_body(const uint16_t *restrict halves, float *restrict out, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = half_value(halves[i]);
}

OCTAVO_VARIANTS(int, octavo_fits_halves, (const float *x, size_t count), (x, count))
OCTAVO_VARIANTS(void, octavo_widen_halves, (const uint16_t *halves, float *out, size_t count),
                (halves, out, count))
