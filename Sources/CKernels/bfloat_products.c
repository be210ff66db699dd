#include "bfloat_products.h"

#include <stdint.h>
#include <string.h>

// The order of loops is that of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (2008): a block of b as deep as DEPTH is packed into panels of WIDTH columns, blocks of a into panels of
// HEIGHT rows; a panel of a stays in the first cache while the panels of b pass by from the second. Packing
// rounds, transposes where needed, lays pairs of depth side by side, and fills up with zeros.
enum {
    HEIGHT = 14,
    WIDTH = 32,
    /// Even; a multiple of 32 lets vectors of pairs be whole.
    DEPTH = 768,
    /// Rows packed at once: whole panels.
    ROWS = 8 * HEIGHT,
    /// Columns packed at once: whole panels.
    COLUMNS = 24 * WIDTH,
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

// The size of the pieces that `count` is cut into: as few as the limit allows, of equal whole steps. It
// depends on `count` alone.
static size_t piece(size_t count, size_t limit, size_t step) {
    size_t pieces = (count + limit - 1) / limit;
    size_t each = (count + pieces - 1) / pieces;
    return (each + step - 1) / step * step;
}

static uint16_t rounded(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static float widened(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void octavo_bfloat_multiply_scalar(const octavo_bfloat_product *p) {
    size_t depth_a = p->transposed_a ? p->stride_a : 1, row_a = p->transposed_a ? 1 : p->stride_a;
    size_t depth_b = p->transposed_b ? 1 : p->stride_b, column_b = p->transposed_b ? p->stride_b : 1;
    for (size_t r = 0; r < p->rows; r++)
        for (size_t c = 0; c < p->columns && (!p->lower || c <= r + p->diagonal); c++) {
            float sum = 0;
            for (size_t k = 0; k < p->depth; k += 2) {
                float pair = 0;
                for (size_t i = k; i < least(k + 2, p->depth); i++)
                    pair += widened(rounded(p->a[r * row_a + i * depth_a])) *
                            widened(rounded(p->b[i * depth_b + c * column_b]));
                sum += pair;
            }
            float *out = p->c + r * p->stride_c + c;
            *out = p->alpha * sum + (p->beta == 0 ? 0 : p->beta * *out);
        }
}

size_t octavo_bfloat_scratch(void) { return (size_t)DEPTH * (ROWS + COLUMNS) * sizeof(uint16_t); }

#if defined(__x86_64__)
#include <immintrin.h>

#define BFLOAT __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), min_vector_width(512)))
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

bool octavo_has_bfloat_products(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bf16");
}

INLINE __mmask16 first(size_t count) { return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1); }

// Packs up to 16 vectors that lie across memory: element i of depth of vector j is source[i · stride + j].
// Pair q of all of them goes to out[q · step …].
BFLOAT INLINE void pack_across(const float *source, size_t stride, size_t vectors, size_t depth, uint32_t *out,
                               size_t step, __mmask16 stored) {
    const __m512i pairs = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __mmask16 which = first(vectors);
    for (size_t i = 0; i < depth; i += 2, out += step) {
        const float *row = source + i * stride;
        __m512 low = _mm512_maskz_loadu_ps(which, row);
        __m512 high = i + 1 < depth ? _mm512_maskz_loadu_ps(which, row + stride) : _mm512_setzero_ps();
        __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(high, low);
        _mm512_mask_storeu_epi32(out, stored, _mm512_permutexvar_epi16(pairs, halves));
    }
}

// Sixteen vectors of sixteen words become sixteen vectors of their first words, second words, and so on.
BFLOAT INLINE void transpose(__m512i v[16]) {
    __m512i t[16];
    UNROLLED for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    UNROLLED for (int i = 0; i < 16; i += 4) UNROLLED for (int k = 0; k < 2; k++) {
        v[i + 2 * k] = _mm512_unpacklo_epi64(t[i + k], t[i + 2 + k]);
        v[i + 2 * k + 1] = _mm512_unpackhi_epi64(t[i + k], t[i + 2 + k]);
    }
    // Quarter q of v[4 · r + c] holds words 4 · q + c of vectors 4 · r to 4 · r + 3.
    UNROLLED for (int c = 0; c < 4; c++) {
        __m512i a = _mm512_shuffle_i32x4(v[c], v[4 + c], 0x44), b = _mm512_shuffle_i32x4(v[c], v[4 + c], 0xEE);
        __m512i d = _mm512_shuffle_i32x4(v[8 + c], v[12 + c], 0x44);
        __m512i e = _mm512_shuffle_i32x4(v[8 + c], v[12 + c], 0xEE);
        t[c] = _mm512_shuffle_i32x4(a, d, 0x88);
        t[4 + c] = _mm512_shuffle_i32x4(a, d, 0xDD);
        t[8 + c] = _mm512_shuffle_i32x4(b, e, 0x88);
        t[12 + c] = _mm512_shuffle_i32x4(b, e, 0xDD);
    }
    UNROLLED for (int i = 0; i < 16; i++) v[i] = t[i];
}

// The same for vectors that lie along memory: element i of depth of vector j is source[j · stride + i].
BFLOAT INLINE void pack_along(const float *source, size_t stride, size_t vectors, size_t depth, uint32_t *out,
                              size_t step, __mmask16 stored) {
    for (size_t i = 0; i < depth; i += 32) {
        __m512i v[16];
        __mmask16 low = first(depth - i), high = depth - i > 16 ? first(depth - i - 16) : 0;
        UNROLLED for (size_t j = 0; j < 16; j++) {
            v[j] = _mm512_setzero_si512();
            if (j < vectors) {
                const float *from = source + j * stride + i;
                v[j] = (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, from + 16),
                                                    _mm512_maskz_loadu_ps(low, from));
            }
        }
        transpose(v);
        size_t pairs = least(16, (depth - i + 1) / 2);
        if (pairs == 16) {
            UNROLLED for (size_t q = 0; q < 16; q++) _mm512_mask_storeu_epi32(out + q * step, stored, v[q]);
        } else {
            UNROLLED for (size_t q = 0; q < 16; q++)
                if (q < pairs) _mm512_mask_storeu_epi32(out + q * step, stored, v[q]);
        }
        out += 16 * step;
    }
}

BFLOAT static void pack_rows(const octavo_bfloat_product *p, size_t row, size_t rows, size_t from, size_t depth,
                             uint32_t *out) {
    size_t pairs = (depth + 1) / 2;
    for (size_t r = 0; r < rows; r += HEIGHT, out += pairs * HEIGHT) {
        size_t some = least(rows - r, HEIGHT);
        if (p->transposed_a)
            pack_across(p->a + from * p->stride_a + row + r, p->stride_a, some, depth, out, HEIGHT, first(HEIGHT));
        else
            pack_along(p->a + (row + r) * p->stride_a + from, p->stride_a, some, depth, out, HEIGHT, first(HEIGHT));
    }
}

BFLOAT static void pack_columns(const octavo_bfloat_product *p, size_t column, size_t columns, size_t from,
                                size_t depth, uint32_t *out) {
    size_t pairs = (depth + 1) / 2;
    for (size_t c = 0; c < columns; c += WIDTH, out += pairs * WIDTH)
        for (size_t half = 0; half < WIDTH; half += 16) {
            size_t some = columns - c > half ? least(columns - c - half, 16) : 0;
            size_t at = some ? column + c + half : 0;
            if (p->transposed_b)
                pack_along(p->b + at * p->stride_b + from, p->stride_b, some, depth, out + half, WIDTH, 0xFFFF);
            else
                pack_across(p->b + from * p->stride_b + at, p->stride_b, some, depth, out + half, WIDTH, 0xFFFF);
        }
}

// A tile of c: the sums of a panel of a with a panel of b, times alpha, added to what is there times beta.
typedef struct {
    float *c;
    size_t stride, rows, columns;
    float alpha, beta;
    /// Row r is written to before column limit + r.
    ptrdiff_t limit;
} tile;

BFLOAT INLINE void store(float *c, __mmask16 which, __m512 sum, float alpha, float beta) {
    __m512 value = _mm512_mul_ps(_mm512_set1_ps(alpha), sum);
    if (beta != 0) value = _mm512_fmadd_ps(_mm512_set1_ps(beta), _mm512_maskz_loadu_ps(which, c), value);
    _mm512_mask_storeu_ps(c, which, value);
}

BFLOAT static void multiply_panels(const uint32_t *a, const uint32_t *b, size_t pairs, const tile *t) {
    __m512 sums[HEIGHT][2];
    UNROLLED for (int r = 0; r < HEIGHT; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    for (size_t r = 0; r < t->rows; r++) {
        __builtin_prefetch(t->c + r * t->stride, 1);
        __builtin_prefetch(t->c + r * t->stride + t->columns - 1, 1);
    }
    for (size_t q = 0; q < pairs; q++, a += HEIGHT, b += WIDTH) {
        __m512bh left = (__m512bh)_mm512_load_si512(b), right = (__m512bh)_mm512_load_si512(b + 16);
        UNROLLED for (int r = 0; r < HEIGHT; r++) {
            __m512bh pair = (__m512bh)_mm512_set1_epi32((int)a[r]);
            sums[r][0] = _mm512_dpbf16_ps(sums[r][0], pair, left);
            sums[r][1] = _mm512_dpbf16_ps(sums[r][1], pair, right);
        }
    }
    UNROLLED for (size_t r = 0; r < HEIGHT; r++)
        if (r < t->rows) {
            float *c = t->c + r * t->stride;
            ptrdiff_t reach = t->limit + (ptrdiff_t)r;
            size_t columns = reach > 0 ? least(t->columns, (size_t)reach) : 0;
            store(c, first(columns), sums[r][0], t->alpha, t->beta);
            if (columns > 16) store(c + 16, first(columns - 16), sums[r][1], t->alpha, t->beta);
        }
}

void octavo_bfloat_multiply(const octavo_bfloat_product *p, void *scratch) {
    uint32_t *columns_packed = scratch, *rows_packed = columns_packed + DEPTH / 2 * COLUMNS;
    size_t deep = piece(p->depth, DEPTH, 32), wide = piece(p->columns, COLUMNS, WIDTH);
    for (size_t column = 0; column < p->columns; column += wide) {
        size_t columns = least(wide, p->columns - column);
        for (size_t from = 0; from < p->depth; from += deep) {
            size_t depth = least(deep, p->depth - from), pairs = (depth + 1) / 2;
            float beta = from == 0 ? p->beta : 1;
            pack_columns(p, column, columns, from, depth, columns_packed);
            for (size_t row = 0; row < p->rows; row += ROWS) {
                size_t rows = least(ROWS, p->rows - row);
                // The last row needs the most columns.
                if (p->lower && column > row + rows - 1 + p->diagonal) continue;
                pack_rows(p, row, rows, from, depth, rows_packed);
                for (size_t r = 0; r < rows; r += HEIGHT)
                    for (size_t c = 0; c < columns; c += WIDTH) {
                        size_t top = row + r, left = column + c;
                        tile t = {p->c + top * p->stride_c + left, p->stride_c, least(HEIGHT, rows - r),
                                  least(WIDTH, columns - c),       p->alpha,    beta,
                                  WIDTH};
                        if (p->lower) {
                            t.limit = (ptrdiff_t)(top + p->diagonal + 1) - (ptrdiff_t)left;
                            if (t.limit + (ptrdiff_t)t.rows <= 1) break;
                        }
                        multiply_panels(rows_packed + r * pairs, columns_packed + c * pairs, pairs, &t);
                    }
            }
        }
    }
}
#else
bool octavo_has_bfloat_products(void) { return false; }

void octavo_bfloat_multiply(const octavo_bfloat_product *p, void *scratch) {
    (void)scratch;
    octavo_bfloat_multiply_scalar(p);
}
#endif
