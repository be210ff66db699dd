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

/// Writes c H c' for each entry c of a book ([size][entries]); the rows of H are `stride` apart.
void octavo_entry_norms(octavo_isa isa, size_t entries, size_t size, const float *book, const float *metric,
                        size_t stride, float *norms);

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
///
/// Values beyond the bound need not be met: if it is known that `limit` others do not exceed it, knowing
/// it saves time. Infinity if nothing is known.
size_t octavo_keep_smallest(octavo_isa isa, size_t count, const float *values, float bound, uint32_t parent,
                            size_t limit, size_t length, octavo_choice *list);

/// The most codebooks and hypotheses that a search takes.
enum { OCTAVO_CODEBOOKS_MAX = 8, OCTAVO_BEAM_MAX = 64 };

/// Returns a value that at least `limit` of the values do not exceed, and not many more than that; infinity
/// if that takes too much to find.
float octavo_bound(octavo_isa isa, size_t count, const float *values, size_t limit);

/// The most indices that a shortlist may hold.
enum { OCTAVO_SHORTLIST_MAX = 96 };

/// Writes the indices of `limit` of the smallest values, and perhaps of some that follow; returns how many.
///
/// To find a few more than asked for takes much less than to find just those.
size_t octavo_shortlist(octavo_isa isa, size_t count, const float *values, size_t limit, uint32_t *list);

/// The most cells of a codebook that a search looks into.
enum { OCTAVO_PROBES_MAX = 64 };

/// What all rows of a search share.
///
/// With large codebooks a search looks only into the cells whose centers score best. The entries of a cell
/// follow each other.
typedef struct octavo_search {
    size_t codebooks;
    size_t entries;
    /// The length of an entry.
    size_t size;
    /// How many hypotheses go from one codebook to the next.
    size_t beam;
    /// How many times each code of the result is chosen anew with the others held.
    size_t polish;
    /// [codebooks][size][entries], or with cells [codebooks][cells][size][entries of the cell].
    const float *books;
    /// [codebooks][entries][size]
    const float *vectors;
    /// [codebooks][entries]: c H c'
    const float *norms;
    /// [codebooks][entries][size]: 2 c H; not used for one codebook.
    const float *pulls;
    /// How many cells a codebook has; 0 if all its entries are to be tried.
    size_t cells;
    /// How many cells are looked into.
    size_t probes;
    /// [codebooks][cells + 1]: where the entries of each cell start, and the number of entries.
    const uint32_t *starts;
    /// [codebooks][size][cells]
    const float *centers;
    /// [codebooks][cells]: c H c' of each center.
    const float *center_norms;
} octavo_search;

/// The floats of scratch that `octavo_search_codes` needs for these members of its search.
size_t octavo_search_scratch(size_t entries, size_t beam, size_t size);

/// Finds codes for each of `rows` slopes ([rows][size]) by a beam over the codebooks followed by
/// coordinate descent, and writes them `stride` codes apart, with their scores.
///
/// With `keep` the codes that are there already win unless the search finds better ones.
void octavo_search_codes(octavo_isa isa, const octavo_search *search, size_t rows, const float *slopes, bool keep,
                         uint16_t *codes, size_t stride, float *values, float *scratch);

/// What all rows of a search for pairs of entries share: with two codebooks the score of a pair is
/// that of its first entry, that of its second, and their product, which no row changes.
typedef struct octavo_pairs {
    size_t entries;
    /// The length of an entry.
    size_t size;
    /// How many first entries are continued with their best second one.
    size_t beam;
    /// How many times each code of the result is chosen anew with the other held.
    size_t polish;
    /// [2][size][entries]
    const float *books;
    /// [2][entries]: c H c'
    const float *norms;
    /// [entries of the first][entries of the second]: 2 c H c'
    const float *products;
    /// The same, [entries of the second][entries of the first].
    const float *transposed;
} octavo_pairs;

/// The floats of scratch that `octavo_find_pairs` needs.
size_t octavo_pair_scratch(size_t entries);

/// Does what `octavo_search_codes` does, for two codebooks and codes without gaps between them.
void octavo_find_pairs(octavo_isa isa, const octavo_pairs *search, size_t rows, const float *slopes, bool keep,
                       uint16_t *codes, float *values, float *scratch);

/// Writes for each slope the `limit` best pairs that it meets, in ascending order of their scores: codes
/// are [rows][limit][2], values [rows][limit], infinite where there are fewer pairs.
void octavo_list_pairs(octavo_isa isa, const octavo_pairs *search, size_t rows, const float *slopes, size_t limit,
                       uint16_t *codes, float *values, float *scratch);

/// Finds codes as `octavo_search_codes` does, without its last step, and writes the `limit` best: codes are
/// [rows][limit][codebooks], values [rows][limit], in ascending order, infinite where there are fewer.
void octavo_list_codes(octavo_isa isa, const octavo_search *search, size_t rows, const float *slopes, size_t limit,
                       uint16_t *codes, float *values, float *scratch);

/// Chooses for each row, among `limit` continuations of each of `width` hypotheses, the `width` best.
///
/// A continuation's loss is its hypothesis's base plus the row's factor times its value ([rows][width][limit]).
/// Writes the losses ([rows][width], infinite where there are fewer) and which continuation each is, counted
/// through the row. Needs width * limit floats of scratch.
void octavo_merge_hypotheses(octavo_isa isa, size_t rows, size_t width, size_t limit, const float *bases,
                             const float *factors, const float *values, float *losses, uint32_t *choices,
                             float *scratch);

/// Gives each of the `width` hypotheses of each row some columns of its parent's values ([rows][width][stride]).
///
/// Needs width * columns floats of scratch.
void octavo_follow_parents(size_t rows, size_t width, const uint32_t *parents, float *values, size_t stride,
                           size_t column, size_t columns, float *scratch);

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
