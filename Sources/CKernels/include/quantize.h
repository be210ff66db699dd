#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// The inner loops of additive quantization: which entries fit a group of weights best, and sums over
// the groups that share an entry.
//
// A group of weights x is approximated by v = sum of one entry c from each codebook, where the error
// counts (x - v) H (x - v)' for a symmetric H. Up to what does not depend on v that is
//     v H v' + slope . v,    slope = -2 x H,
// and choosing an entry c turns the slope for the rest of v into slope + 2 c H. So each step of a
// search needs, for all entries, norm[k] + slope . c[k] with norm[k] = c[k] H c[k]'.
// Among equal scores the lowest index wins, whatever the instruction set.

/// Writes the score of each entry, out[k] = base + norms[k] + sum over i of slope[i] * book[i * entries + k].
void octavo_entry_scores(octavo_isa isa, size_t entries, size_t size, const float *book, const float *norms,
                         const float *slope, float base, float *out);

/// Returns the index of the smallest of `count` values, 0 if there is none below infinity.
size_t octavo_smallest(octavo_isa isa, size_t count, const float *values);

/// A choice met on the way of a search: an entry that continues the hypothesis `parent`.
typedef struct octavo_choice {
    float value;
    uint32_t parent;
    uint32_t entry;
} octavo_choice;

/// Merges the values into a list of the `limit` smallest met so far, kept in ascending order, and
/// returns its new length.
size_t octavo_keep_smallest(octavo_isa isa, size_t count, const float *values, uint32_t parent, size_t limit,
                            size_t length, octavo_choice *list);

/// The most codebooks and hypotheses that a search takes.
enum { OCTAVO_CODEBOOKS_MAX = 8, OCTAVO_BEAM_MAX = 64 };

/// What all rows of a search share.
typedef struct octavo_search {
    size_t codebooks;
    size_t entries;
    /// The length of an entry.
    size_t size;
    /// How many hypotheses go from one codebook to the next.
    size_t beam;
    /// How many times each code of the result is chosen anew with the others held.
    size_t polish;
    /// [codebooks][size][entries]
    const float *books;
    /// [codebooks][entries]: c H c'
    const float *norms;
    /// [codebooks][entries][size]: 2 c H
    const float *pulls;
} octavo_search;

/// The floats of scratch that `octavo_search_codes` needs for these members of its search.
size_t octavo_search_scratch(size_t entries, size_t beam, size_t size);

/// Finds codes for each of `rows` slopes ([rows][size]) by a beam over the codebooks followed by
/// coordinate descent, and writes them `stride` codes apart, with their scores.
///
/// With `keep` the codes that are there already win unless the search finds better ones.
void octavo_search_codes(octavo_isa isa, const octavo_search *search, size_t rows, const float *slopes, bool keep,
                         uint16_t *codes, size_t stride, float *values, float *scratch);

/// One group of inputs in all rows: codes are [rows][codebooks], entries are [codebooks][entries][size].
typedef struct octavo_coded {
    size_t rows;
    size_t codebooks;
    size_t entries;
    size_t size;
} octavo_coded;

/// Writes to each row of `out` ([rows][stride]), from `column` on, the sum of the row's entries times its scale.
void octavo_gather(octavo_isa isa, const octavo_coded *shape, const uint16_t *codes, const float *books,
                   const float *scales, float *out, size_t column, size_t stride);

/// The adjoint: adds each row's values, times its scale, to the entries of `sums` that the row uses.
void octavo_scatter(octavo_isa isa, const octavo_coded *shape, const uint16_t *codes, const float *values,
                    size_t column, size_t stride, const float *scales, float *sums);

/// Adds the weight of each row to those places of `usage` ([codebooks][entries]) that the row uses.
void octavo_count_usage(const octavo_coded *shape, const uint16_t *codes, const float *weights, float *usage);
