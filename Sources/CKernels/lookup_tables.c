#include "lookup.h"

#include <math.h>

// The largest sum of a run, below 32767 by more than rounding can add: half a unit for each of four numbers,
// and where inputs and entries are whole numbers too, half of one for each input.
static float largest_sum(size_t size) { return 32700.0f - 4.0f * (float)size; }

octavo_lookup_kernel octavo_lookup_best(void) {
    octavo_isa isa = octavo_isa_best();
#if defined(__x86_64__)
    if (isa == OCTAVO_ISA_AVX512)
        return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni")
                   ? OCTAVO_LOOKUP_VBMI
                   : OCTAVO_LOOKUP_AVX512;
#endif
    return isa == OCTAVO_ISA_AVX2 ? OCTAVO_LOOKUP_AVX2 : OCTAVO_LOOKUP_SCALAR;
}

octavo_lookup_run octavo_lookup_runs(const octavo_lookup_shape *s) {
    if (s->codebooks <= s->run) return (octavo_lookup_run){s->run / s->codebooks, s->codebooks};
    // Parts as equal as can be.
    size_t parts = (s->codebooks + s->run - 1) / s->run;
    return (octavo_lookup_run){1, (s->codebooks + parts - 1) / parts};
}

size_t octavo_lookup_units(const octavo_lookup_shape *s, size_t groups) {
    octavo_lookup_run run = octavo_lookup_runs(s);
    return (groups + run.groups - 1) / run.groups * ((s->codebooks + run.codebooks - 1) / run.codebooks);
}

static float length_of(const float *vector, size_t size) {
    float sum = 0;
    for (size_t i = 0; i < size; i++) sum += vector[i] * vector[i];
    return sqrtf(sum);
}

// Whole numbers of one codebook: the largest element becomes 32767.
static float prepare_words(const octavo_lookup_shape *s, const float *book, int16_t *out) {
    float largest = 0;
    for (size_t i = 0; i < s->entries * s->size; i++) largest = fabsf(book[i]) > largest ? fabsf(book[i]) : largest;
    float unit = largest / 32767;
    for (size_t e = 0; e < s->entries; e++)
        for (size_t i = 0; i < s->size; i++) {
            float whole = unit > 0 ? rintf(book[e * s->size + i] / unit) : 0;
            // What is no number is nothing.
            out[(i / 2 * ENTRIES + e) * 2 + i % 2] = fabsf(whole) <= 32767 ? (int16_t)whole : 0;
        }
    return unit;
}

void octavo_lookup_prepare(const octavo_lookup_shape *s, const float *books, float *floats, int16_t *words,
                           float *word_units, float *longest, float *widest) {
    size_t pairs = (s->size + 1) / 2;
    if (floats) memset(floats, 0, sizeof(float) * s->codebooks * s->size * ENTRIES);
    if (words) memset(words, 0, sizeof(int16_t) * s->codebooks * pairs * 2 * ENTRIES);
    for (size_t m = 0; m < s->codebooks; m++) {
        const float *book = books + m * s->entries * s->size;
        float *wide = widest + m * s->size;
        longest[m] = 0;
        for (size_t i = 0; i < s->size; i++) wide[i] = 0;
        for (size_t e = 0; e < s->entries; e++) {
            float length = length_of(book + e * s->size, s->size);
            // What is no number stays.
            longest[m] = length <= longest[m] || longest[m] != longest[m] ? longest[m] : length;
            for (size_t i = 0; i < s->size; i++) {
                float magnitude = fabsf(book[e * s->size + i]);
                wide[i] = magnitude > wide[i] ? magnitude : wide[i];
            }
            for (size_t i = 0; floats && i < s->size; i++)
                floats[(m * s->size + i) * ENTRIES + e] = book[e * s->size + i];
        }
        if (words) word_units[m] = prepare_words(s, book, words + m * pairs * 2 * ENTRIES);
    }
}

// What a run's tables are built from.
typedef struct {
    const octavo_lookup_shape *shape;
    const octavo_lookup_books *books;
    const float *x;
    size_t groups, first_book, end_book;
} run_parts;

// Builds the tables of one run. Returns the factor, which may have become smaller.
typedef float build_run(const run_parts *run, float factor, uint8_t *tables);

// The 256 products of one group with one codebook. Adding and taking away 1.5 · 2^23 rounds to even and keeps what
// is no number out of conversions.
OCTAVO_BODY void build_table(size_t size, const float *restrict book, const float *restrict x, float factor,
                             int16_t *restrict table) {
    for (size_t first = 0; first < ENTRIES; first += 64) {
        float sums[64] = {0};
        for (size_t i = 0; i < size; i++)
            for (size_t e = 0; e < 64; e++) {
                OCTAVO_ANY_ORDER
                sums[e] += x[i] * book[i * ENTRIES + first + e];
            }
        for (size_t e = 0; e < 64; e++) {
            float rounded = sums[e] * factor + 0x1.8p23f;
            int32_t bits;
            memcpy(&bits, &rounded, sizeof bits);
            table[first + e] = (int16_t)bits;
        }
    }
}

OCTAVO_BODY float build_words(const run_parts *run, float factor, uint8_t *tables) {
    size_t size = run->shape->size;
    const float *x = run->x;
    for (size_t g = 0; g < run->groups; g++, x += size)
        for (size_t m = run->first_book; m < run->end_book; m++, tables += TABLE) {
            const float *book = run->books->floats + m * size * ENTRIES;
            int16_t *table = (int16_t *)(void *)tables;
            // The compiler unrolls loops of a length that it knows, and keeps their sums in registers.
            if (size == 8) build_table(8, book, x, factor, table);
            else build_table(size, book, x, factor, table);
        }
    return factor;
}

static float build_scalar(const run_parts *run, float factor, uint8_t *tables) {
    return build_words(run, factor, tables);
}

#if defined(__x86_64__)
// The longest group there is.
enum { INPUTS_MAX = 1024 };

LOOKUP_AVX2 static float build_avx2(const run_parts *run, float factor, uint8_t *tables) {
    return build_words(run, factor, tables);
}

LOOKUP_AVX512 static float build_avx512(const run_parts *run, float factor, uint8_t *tables) {
    return build_words(run, factor, tables);
}

// 64 sums in the upper halves of words of 32 bits, the low bytes of those apart from the high ones.
LOOKUP_VBMI static inline __attribute__((always_inline)) void store_planes(const __m512i sums[4], __m512i order,
                                                                           uint8_t *table) {
    __m512i front = _mm512_permutex2var_epi8(sums[0], order, sums[1]);
    __m512i back = _mm512_permutex2var_epi8(sums[2], order, sums[3]);
    _mm512_store_si512(table, _mm512_shuffle_i64x2(front, back, 0x44));
    _mm512_store_si512(table + ENTRIES, _mm512_shuffle_i64x2(front, back, 0xEE));
}

// 64 entries of one codebook for two groups, whose inputs are pairs of whole numbers.
LOOKUP_VBMI static inline __attribute__((always_inline)) void build_planes(size_t pairs, const int16_t *book,
                                                                           const int32_t *one, const int32_t *two,
                                                                           __m512i order, uint8_t *table,
                                                                           uint8_t *next) {
    // Half of what the upper halves are in: sums are rounded.
    __m512i half = _mm512_set1_epi32(0x8000);
    __m512i sums[2][4] = {{half, half, half, half}, {half, half, half, half}};
    for (size_t i = 0; i < pairs; i++) {
        __m512i left = _mm512_set1_epi32(one[i]), right = _mm512_set1_epi32(two[i]);
        for (int k = 0; k < 4; k++) {
            __m512i entries = _mm512_loadu_si512(book + 2 * (i * ENTRIES + 16 * k));
            sums[0][k] = _mm512_dpwssd_epi32(sums[0][k], entries, left);
            sums[1][k] = _mm512_dpwssd_epi32(sums[1][k], entries, right);
        }
    }
    store_planes(sums[0], order, table);
    if (next) store_planes(sums[1], order, next);
}

// Inputs of a run as pairs of whole numbers, `pairs` for each group. `factor` times the unit of the codebook makes
// products that are 65536 times what tables hold.
LOOKUP_VBMI static void whole_inputs(const float *x, size_t size, size_t pairs, size_t groups, float factor,
                                     int32_t *out) {
    if (size == 8) {
        // A factor of zero goes with a unit that is no number: it does not matter then what comes of inputs.
        __m256 factors = _mm256_set1_ps(factor);
        for (size_t g = 0; g < groups; g++, x += 8, out += 4) {
            __m256i whole = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), factors));
            _mm_storeu_si128((void *)out, _mm256_cvtepi32_epi16(whole));
        }
        return;
    }
    for (size_t g = 0; g < groups; g++, x += size, out += pairs) {
        int16_t whole[2 * INPUTS_MAX];
        whole[2 * pairs - 1] = 0;
        for (size_t i = 0; i < size; i++) {
            float rounded = x[i] * factor + 0x1.8p23f;
            int32_t bits;
            memcpy(&bits, &rounded, sizeof bits);
            whole[i] = (int16_t)bits;
        }
        memcpy(out, whole, 4 * pairs);
    }
}

LOOKUP_VBMI static float build_vbmi(const run_parts *run, float factor, uint8_t *tables) {
    uint8_t bytes[64];
    for (int k = 0; k < 32; k++) {
        bytes[k] = (uint8_t)(4 * k + 2);
        bytes[k + 32] = (uint8_t)(4 * k + 3);
    }
    __m512i order = _mm512_loadu_si512(bytes);
    size_t size = run->shape->size, groups = run->groups;
    float unit = 0, largest;
    // Magnitudes are in the order of their bits, which are quicker to compare.
    uint32_t largest_bits = 0;
    for (size_t i = 0; i < groups * size; i++) {
        uint32_t magnitude;
        memcpy(&magnitude, run->x + i, sizeof magnitude);
        magnitude &= 0x7FFFFFFF;
        largest_bits = magnitude > largest_bits ? magnitude : largest_bits;
    }
    memcpy(&largest, &largest_bits, sizeof largest);
    for (size_t m = run->first_book; m < run->end_book; m++)
        unit = run->books->word_units[m] > unit ? run->books->word_units[m] : unit;
    // Inputs must fit into 16 bits as well, which matters where one of them is nearly all of a run.
    float reach = largest * unit * factor * 65536;
    if (reach > 32767) factor *= 32767 / reach;
    size_t pairs = (size + 1) / 2, stride = (run->end_book - run->first_book) * TABLE;
    for (size_t m = run->first_book; m < run->end_book; m++, tables += TABLE) {
        int32_t inputs[4 * INPUTS_MAX / 2];
        whole_inputs(run->x, size, pairs, groups, factor * run->books->word_units[m] * 65536, inputs);
        for (size_t block = 0; block < ENTRIES; block += 64) {
            const int16_t *book = run->books->words + 2 * (m * pairs * ENTRIES + block);
            uint8_t *table = tables + block;
            for (size_t g = 0; g < groups; g += 2, table += 2 * stride) {
                const int32_t *one = inputs + g * pairs, *two = groups - g > 1 ? one + pairs : one;
                uint8_t *next = groups - g > 1 ? table + stride : NULL;
                if (pairs == 4) build_planes(4, book, one, two, order, table, next);
                else build_planes(pairs, book, one, two, order, table, next);
            }
        }
    }
    return factor;
}
#endif

// What no sum of a run's products exceeds. Of a group and an entry that is the product of their lengths (Cauchy and
// Schwarz), or of the magnitudes place by place, which is less where one input outweighs the others.
typedef float reach_of(const run_parts *run);

OCTAVO_BODY float reach_sized(size_t size, const run_parts *run) {
    float reach = 0;
    for (size_t k = 0; k < run->groups; k++) {
        const float *x = run->x + k * size;
        float square = 0;
        for (size_t i = 0; i < size; i++) {
            OCTAVO_ANY_ORDER
            square += x[i] * x[i];
        }
        float length = sqrtf(square);
        for (size_t m = run->first_book; m < run->end_book; m++) {
            const float *widest = run->books->widest + m * size;
            float lengths = length * run->books->longest[m], sum = 0;
            for (size_t i = 0; i < size; i++) {
                OCTAVO_ANY_ORDER
                sum += fabsf(x[i]) * widest[i];
            }
            // Lengths that are no numbers stay: something among what they are of is none.
            reach += sum < lengths ? sum : lengths;
        }
    }
    return reach;
}

OCTAVO_BODY float reach_body(const run_parts *run) {
    // The compiler unrolls loops of a length that it knows.
    return run->shape->size == 8 ? reach_sized(8, run) : reach_sized(run->shape->size, run);
}

static float reach_scalar(const run_parts *run) { return reach_body(run); }

#if defined(__x86_64__)
LOOKUP_AVX2 static float reach_avx2(const run_parts *run) { return reach_body(run); }
#endif

void octavo_lookup_build(octavo_lookup_kernel kernel, const octavo_lookup_shape *s, const octavo_lookup_books *books,
                         const float *x, size_t groups, const uint8_t *codes, uint8_t *tables, float *units) {
    build_run *build = build_scalar;
    reach_of *reach_of_run = reach_scalar;
#if defined(__x86_64__)
    if (kernel != OCTAVO_LOOKUP_SCALAR) reach_of_run = reach_avx2;
    if (kernel == OCTAVO_LOOKUP_AVX2) build = build_avx2;
    if (kernel == OCTAVO_LOOKUP_AVX512) build = build_avx512;
    if (kernel == OCTAVO_LOOKUP_VBMI) build = build_vbmi;
#endif
    (void)kernel;
    octavo_lookup_run runs = octavo_lookup_runs(s);
    for (size_t g = 0; g < groups; g += runs.groups) {
        size_t some = groups - g < runs.groups ? groups - g : runs.groups;
        run_parts run = {s, books, x + g * s->size, some, 0, 0};
        size_t row = s->codebooks * s->outputs;
        for (size_t i = g * row; codes && i < (g + some) * row; i += 64) __builtin_prefetch(codes + i, 0, 2);
        for (size_t m = 0; m < s->codebooks; m = run.end_book) {
            run.first_book = m;
            run.end_book = s->codebooks - m < runs.codebooks ? s->codebooks : m + runs.codebooks;
            float reach = reach_of_run(&run), factor = reach > 0 ? largest_sum(s->size) / reach : 0;
            factor = build(&run, factor, tables + (g * s->codebooks + m) * TABLE);
            *units++ = factor > 0 ? 1 / factor : reach;
        }
    }
}
