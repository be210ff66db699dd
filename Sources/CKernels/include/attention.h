#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// Causal attention of grouped heads over cached keys and values, some keys at a time: no more scores exist at
// once than those of OCTAVO_QUERY_ROWS queries with OCTAVO_KEY_BLOCK keys (Dao and others, FlashAttention).
//
// The bits of a query's result depend on the instruction set and on nothing else: not on the queries that are
// computed with it, nor on how the keys were divided among threads. Keys are taken in blocks and stretches whose
// bounds are multiples of fixed numbers; what a query does not see adds zeros.

enum {
    /// The tokens of a tile of keys, and what the width of values is rounded up to.
    OCTAVO_KEY_TILE = 16,
    /// The keys whose scores are formed at once.
    OCTAVO_KEY_BLOCK = 64,
    /// The keys of a stretch, which threads may share; the results of stretches are joined in order.
    OCTAVO_KEY_STRETCH = 256,
    /// The most queries, counted for each head, that are computed together.
    OCTAVO_QUERY_ROWS = 48,
};

/// The keys and values of one head and one sequence, and how scores are formed.
typedef struct octavo_key_head {
    /// `[tokens / OCTAVO_KEY_TILE, dimension, OCTAVO_KEY_TILE]`: halves or float.
    const void *keys;
    /// `[tokens, octavo_value_width(dimension)]`, likewise; zero beyond the dimension.
    const void *values;
    /// Whether keys and values are IEEE halves, all finite.
    int halves;
    size_t dimension;
    /// What the product of a query and a key is multiplied by.
    float scale;
    /// Scores become cap · tanh(score / cap) where this is above zero.
    float cap;
    /// How many keys a query sees: its own and those before it. At least 1.
    size_t window;
} octavo_key_head;

/// Queries of consecutive tokens and heads, `tokens · heads` of them and at most OCTAVO_QUERY_ROWS.
typedef struct octavo_query_rows {
    /// The first head of the first token; the other heads follow.
    const float *queries;
    /// How far the queries of a token are from those of the one before it.
    size_t stride;
    size_t tokens, heads;
    /// The place of the first token in its sequence: the key that it sees last.
    size_t position;
} octavo_query_rows;

/// The dimension rounded up to OCTAVO_KEY_TILE.
size_t octavo_value_width(size_t dimension);

/// The floats that octavo_attend and octavo_attend_stretch need as room.
size_t octavo_attention_room(size_t rows, size_t dimension);

/// The floats that octavo_attend_stretch gives.
size_t octavo_attention_part(size_t rows, size_t dimension);

/// out = Σ softmax(scale · keys · query)[i] · values[i] over the keys that each query sees. The heads of a token
/// follow each other in `out`, whose tokens are `stride` apart.
void octavo_attend(octavo_isa isa, const octavo_key_head *head, const octavo_query_rows *rows, float *room,
                   float *out, size_t stride);

/// The same over the keys of one stretch, from `stretch · OCTAVO_KEY_STRETCH`, not yet divided by the sum of weights.
void octavo_attend_stretch(octavo_isa isa, const octavo_key_head *head, const octavo_query_rows *rows,
                           size_t stretch, float *room, float *part);

/// Joins the parts of consecutive stretches, one behind the other, to what octavo_attend gives. Overwrites the first.
void octavo_join_stretches(octavo_isa isa, const octavo_key_head *head, const octavo_query_rows *rows, float *parts,
                           size_t count, float *out, size_t stride);

/// Whether all numbers are finite halves when rounded: none is above 65504, or no number.
int octavo_fits_halves(octavo_isa isa, const float *x, size_t count);

/// Puts one head's keys of `count` tokens from `position` on in their tiles. Tokens of `x` are `stride` apart.
void octavo_store_keys(octavo_isa isa, const float *x, size_t stride, size_t count, size_t position,
                       size_t dimension, int halves, void *keys);

/// Puts one head's values in their rows, likewise.
void octavo_store_values(octavo_isa isa, const float *x, size_t stride, size_t count, size_t position,
                         size_t dimension, int halves, void *values);

/// Widens halves, all finite. `count` is a multiple of OCTAVO_KEY_TILE.
void octavo_widen_halves(octavo_isa isa, const uint16_t *halves, float *out, size_t count);
