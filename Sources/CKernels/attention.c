#include "attention.h"

#include <math.h>
#include <string.h>

#include "exponential.h"
#include "half.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The rows of a product that stay in registers.
enum { PRODUCT_ROWS = 6 };

typedef struct {
    size_t low, high;
} key_range;

typedef struct {
    float *queries;  // [rows, width]
    float *scores;   // [rows, OCTAVO_KEY_BLOCK]
    float *keys;     // [OCTAVO_KEY_BLOCK / OCTAVO_KEY_TILE, dimension, OCTAVO_KEY_TILE]
    float *values;   // [OCTAVO_KEY_BLOCK, width]
    float *parts[2]; // As octavo_attention_part.
} attention_room;

// Sums of weighted values, of weights, and the score that has weight 1.
typedef struct {
    float *sums; // [rows, width]
    float *largest, *weights;
} attention_part;

// The keys that a token sees.
static inline key_range keys_seen(const octavo_key_head *head, const octavo_query_rows *q, size_t token) {
    size_t high = q->position + token + 1;
    return (key_range){high > head->window ? high - head->window : 0, high};
}

// Those of a block that are seen, counted from its first; none: from 0 to 0.
static inline key_range keys_within(key_range block, key_range seen) {
    size_t low = seen.low > block.low ? seen.low : block.low;
    size_t high = seen.high < block.high ? seen.high : block.high;
    return low < high ? (key_range){low - block.low, high - block.low} : (key_range){0, 0};
}

size_t octavo_value_width(size_t dimension) {
    return (dimension + OCTAVO_KEY_TILE - 1) / OCTAVO_KEY_TILE * OCTAVO_KEY_TILE;
}

// The lanes of a tile of keys in other orders, for sums of all of them.
#define SWAPPED_EIGHTS(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define SWAPPED_FOURS(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define SWAPPED_PAIRS(v) __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)

#define NAME(x) x##_scalar
#define TARGET
#define WIDTH 4
#define VECTORS 4
#define LOAD_HALVES(p) load_halves_scalar(p)
typedef float four __attribute__((vector_size(16)));
static inline four load_halves_scalar(const char *p) {
    const uint16_t *half = (const uint16_t *)p;
    return (four){half_value(half[0]), half_value(half[1]), half_value(half[2]), half_value(half[3])};
}
#include "attention_kernel.h"

#if defined(__x86_64__)
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define WIDTH 8
#define VECTORS 2
#define LOAD_HALVES(p) ((VECTOR)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p))))
#include "attention_kernel.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512bw,avx512dq"), min_vector_width(512)))
#define WIDTH 16
#define VECTORS 4
#define LOAD_HALVES(p) ((VECTOR)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p))))
#include "attention_kernel.h"
#endif

typedef struct {
    void (*stretch)(const octavo_key_head *, const octavo_query_rows *, size_t, size_t, const attention_room *,
                    attention_part);
    void (*join)(size_t, size_t, attention_part, attention_part);
} attention_kernels;

static attention_kernels kernels_for(octavo_isa isa) {
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512) return (attention_kernels){stretch_avx512, join_avx512};
    if (isa == OCTAVO_ISA_AVX2) return (attention_kernels){stretch_avx2, join_avx2};
#endif
    (void)isa;
    return (attention_kernels){stretch_scalar, join_scalar};
}

// The floats of a cache line, which the parts of a room are rounded up to.
enum { LINE = 16 };

static size_t lines(size_t floats) { return (floats + LINE - 1) / LINE * LINE; }

size_t octavo_attention_part(size_t rows, size_t dimension) {
    return lines(rows * octavo_value_width(dimension) + 2 * rows);
}

size_t octavo_attention_room(size_t rows, size_t dimension) {
    size_t width = octavo_value_width(dimension);
    return LINE + rows * (width + OCTAVO_KEY_BLOCK) + OCTAVO_KEY_BLOCK * (dimension + width) +
           2 * octavo_attention_part(rows, dimension);
}

static attention_part part_at(float *floats, size_t rows, size_t width) {
    float *largest = floats + rows * width;
    return (attention_part){floats, largest, largest + rows};
}

// Divides a room, and packs the queries in it.
static attention_room prepare(const octavo_key_head *head, const octavo_query_rows *q, float *floats) {
    size_t rows = q->tokens * q->heads, d = head->dimension, width = octavo_value_width(d);
    attention_room room;
    room.queries = floats + (LINE - (uintptr_t)floats / sizeof(float) % LINE) % LINE;
    room.scores = room.queries + rows * width;
    room.keys = room.scores + rows * OCTAVO_KEY_BLOCK;
    room.values = room.keys + OCTAVO_KEY_BLOCK * d;
    room.parts[0] = room.values + OCTAVO_KEY_BLOCK * width;
    room.parts[1] = room.parts[0] + octavo_attention_part(rows, d);
    for (size_t r = 0; r < rows; r++)
        memcpy(room.queries + r * width, q->queries + r / q->heads * q->stride + r % q->heads * d,
               d * sizeof(float));
    return room;
}

// The keys of one stretch that any of the queries sees, from the beginning of a tile.
static key_range keys_of(const octavo_key_head *head, const octavo_query_rows *q, size_t stretch) {
    size_t low = keys_seen(head, q, 0).low / OCTAVO_KEY_TILE * OCTAVO_KEY_TILE;
    size_t high = keys_seen(head, q, q->tokens - 1).high;
    key_range all = {stretch * OCTAVO_KEY_STRETCH, (stretch + 1) * OCTAVO_KEY_STRETCH};
    return (key_range){low > all.low ? low : all.low, high < all.high ? high : all.high};
}

static void finish(const octavo_query_rows *q, size_t dimension, attention_part part, float *out, size_t stride) {
    size_t width = octavo_value_width(dimension);
    for (size_t r = 0; r < q->tokens * q->heads; r++) {
        float *to = out + r / q->heads * stride + r % q->heads * dimension;
        float factor = 1 / part.weights[r];
        for (size_t i = 0; i < dimension; i++) to[i] = part.sums[r * width + i] * factor;
    }
}

void octavo_attend_stretch(octavo_isa isa, const octavo_key_head *head, const octavo_query_rows *q,
                           size_t stretch, float *floats, float *part) {
    attention_room room = prepare(head, q, floats);
    key_range keys = keys_of(head, q, stretch);
    kernels_for(isa).stretch(head, q, keys.low, keys.high, &room,
                             part_at(part, q->tokens * q->heads, octavo_value_width(head->dimension)));
}

void octavo_join_stretches(octavo_isa isa, const octavo_key_head *head, const octavo_query_rows *q, float *parts,
                           size_t count, float *out, size_t stride) {
    size_t rows = q->tokens * q->heads, width = octavo_value_width(head->dimension);
    attention_part first = part_at(parts, rows, width);
    for (size_t i = 1; i < count; i++)
        kernels_for(isa).join(rows, width, first,
                              part_at(parts + i * octavo_attention_part(rows, head->dimension), rows, width));
    finish(q, head->dimension, first, out, stride);
}

void octavo_attend(octavo_isa isa, const octavo_key_head *head, const octavo_query_rows *q, float *floats,
                   float *out, size_t stride) {
    attention_kernels kernels = kernels_for(isa);
    size_t rows = q->tokens * q->heads, width = octavo_value_width(head->dimension);
    attention_room room = prepare(head, q, floats);
    size_t first = keys_seen(head, q, 0).low / OCTAVO_KEY_STRETCH;
    size_t last = (keys_seen(head, q, q->tokens - 1).high - 1) / OCTAVO_KEY_STRETCH;
    attention_part all = part_at(room.parts[0], rows, width), next = part_at(room.parts[1], rows, width);
    for (size_t stretch = first; stretch <= last; stretch++) {
        key_range keys = keys_of(head, q, stretch);
        kernels.stretch(head, q, keys.low, keys.high, &room, stretch == first ? all : next);
        if (stretch > first) kernels.join(rows, width, all, next);
    }
    finish(q, head->dimension, all, out, stride);
}
