#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// Products of one vector with a layer whose codes have at most eight bits, without forming weights.
//
// A position is a group and a codebook, p = group · codebooks + m. A table holds for each position the
// products of the group's inputs with the 256 entries of the codebook, as whole numbers of 16 bits; an
// output is a sum of one number of each position. Positions come in runs that share a unit, chosen so
// that no sum of a run exceeds 16 bits: sums within a run are exact, whatever computes them.

/// The kernels there are. They differ in how a table is laid out: what one builds only it may read.
typedef enum {
    OCTAVO_LOOKUP_SCALAR,
    /// The scalar loops, for processors with AVX2: it has no permutation that is wide enough.
    OCTAVO_LOOKUP_AVX2,
    /// Permutations of 16-bit words.
    OCTAVO_LOOKUP_AVX512,
    /// Permutations of bytes, and tables from products of whole numbers (VBMI and VNNI).
    OCTAVO_LOOKUP_VBMI,
} octavo_lookup_kernel;

/// The best one that this processor runs.
octavo_lookup_kernel octavo_lookup_best(void);

/// The entries that a table has room for, and its bytes, for each position.
enum { OCTAVO_LOOKUP_ENTRIES = 256, OCTAVO_LOOKUP_TABLE_BYTES = 512 };

/// The shape of a layer.
typedef struct {
    /// Inputs that share a code, codebooks (at most 8), entries of each (at most 256), outputs.
    size_t size, codebooks, entries, outputs;
    /// The most positions that share a unit, 1 to 4: fewer where some entries are much longer than others, and
    /// the unit would be coarse for the others. Of no account where there are no tables.
    size_t run;
} octavo_lookup_shape;

/// What shares a unit: so many groups with all their codebooks, or so many codebooks of one group.
typedef struct {
    size_t groups, codebooks;
} octavo_lookup_run;

/// The runs of a layer.
octavo_lookup_run octavo_lookup_runs(const octavo_lookup_shape *s);

/// The units of `groups` groups.
size_t octavo_lookup_units(const octavo_lookup_shape *s, size_t groups);

/// What tables are built from: codebooks in another order, zero where there is no entry.
typedef struct {
    /// `[codebooks, size, 256]`.
    const float *floats;
    /// The same as whole numbers, two inputs of an entry beside each other: `[codebooks, (size + 1) / 2, 256, 2]`.
    const int16_t *words;
    /// What a whole number of each codebook stands for.
    const float *word_units;
    /// The length of the longest entry of each codebook.
    const float *longest;
    /// The largest magnitude at each place of the entries: `[codebooks, size]`.
    const float *widest;
} octavo_lookup_books;

/// Puts codebooks, `[codebooks, entries, size]`, in the order that tables are built from: what a kernel reads of it,
/// floats or words, the latter for VBMI. The other may be null.
void octavo_lookup_prepare(const octavo_lookup_shape *s, const float *books, float *floats, int16_t *words,
                           float *word_units, float *longest, float *widest);

/// Builds the tables of `groups` groups, the first of which begins a run.
///
/// `x` has `groups · size` inputs, `books` is what octavo_lookup_prepare made. `tables` gets 512 bytes for each position and must be aligned to 64 bytes, `units` a number for each run. `codes` are those of the groups, or null: they are asked
/// of memory meanwhile, for what comes next.
void octavo_lookup_build(octavo_lookup_kernel kernel, const octavo_lookup_shape *s,
                         const octavo_lookup_books *books, const float *x, size_t groups, const uint8_t *codes,
                         uint8_t *tables, float *units);

/// out[o] = scales[o] · Σ_run units[run] · Σ_p table[p][codes[p · s->outputs + o]] for outputs from `first` on,
/// `count` of them. `codes` is `[groups, codebooks, outputs]`, `groups` those of the whole layer; `out`
/// and `scales` begin at output 0.
void octavo_lookup_sum(octavo_lookup_kernel kernel, const octavo_lookup_shape *s, size_t groups,
                       const uint8_t *tables, const float *units, const uint8_t *codes,
                       const float *scales, size_t first, size_t count, float *out);

/// Forms weights: out[(o - first) · stride + i] for `count` outputs from `first` on and all inputs.
/// `books` is `[codebooks, entries, size]`; bits of a code that no entry has are not looked at (`entries` is
/// a power of two).
void octavo_lookup_decode(octavo_isa isa, const octavo_lookup_shape *s, size_t groups, const uint8_t *codes,
                          const float *books, const float *scales, size_t first, size_t count, float *out,
                          size_t stride);
