// Included once for each instruction set, by attention.c, with these defined:
//   NAME(x)              the name of a function
//   TARGET               the attribute of the instruction set
//   WIDTH, VECTORS       the floats of a vector, and how many vectors a product is wide
//   LOAD_HALVES(p)       a vector from halves

typedef float NAME(vector) __attribute__((vector_size(WIDTH * 4)));
typedef float NAME(loose) __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef float NAME(tile) __attribute__((vector_size(OCTAVO_KEY_TILE * 4), aligned(4), may_alias));

#define VECTOR NAME(vector)
#define LOOSE(pointer) (*(NAME(loose) *)(pointer))
#define UNROLL _Pragma("clang loop unroll(full)")

// c[r][i] += Σ_k a[r][k] · b[k][i] for a few rows and vectors, both known where this is inlined. The columns of b
// come in tiles that are `tile` bytes apart; its rows are `step` bytes apart. Halves come straight from memory, and
// `ahead` is what is needed after them, as much again: the processor does not foresee it.
TARGET static inline __attribute__((always_inline)) void NAME(small_product)(
    size_t rows, size_t vectors, int halves, const float *a, size_t stride_a, const char *b, size_t tile,
    size_t step, size_t depth, float *c, size_t stride_c, const char *ahead) {
    size_t size = halves ? sizeof(uint16_t) : sizeof(float);
    VECTOR sums[PRODUCT_ROWS][VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t n = 0; n < vectors; n++) sums[r][n] = LOOSE(c + r * stride_c + n * WIDTH);
    for (size_t k = 0; k < depth; k++, b += step) {
        VECTOR columns[VECTORS];
        if (halves)
            for (size_t at = 0; at < vectors * WIDTH * sizeof(uint16_t); at += 64, ahead += 64)
                __builtin_prefetch(ahead, 0, 2);
        UNROLL for (size_t n = 0; n < vectors; n++) {
            size_t at = n * WIDTH;
            const char *p = b + at / OCTAVO_KEY_TILE * tile + at % OCTAVO_KEY_TILE * size;
            columns[n] = halves ? LOAD_HALVES(p) : LOOSE(p);
        }
        UNROLL for (size_t r = 0; r < rows; r++) {
            float x = a[r * stride_a + k];
            UNROLL for (size_t n = 0; n < vectors; n++) sums[r][n] += x * columns[n];
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t n = 0; n < vectors; n++) LOOSE(c + r * stride_c + n * WIDTH) = sums[r][n];
}

#define SMALL_PRODUCT(rows, vectors, halves)                                                                  \
    NAME(small_product)(rows, vectors, halves, a + r * stride_a, stride_a, b, tile, step, depth,              \
                        c + r * stride_c, stride_c, ahead)
#define FOR_ROWS(vectors, halves)                                                                             \
    for (size_t r = 0; r < rows; r += PRODUCT_ROWS) switch (rows - r) {                                       \
        case 1: SMALL_PRODUCT(1, vectors, halves); break;                                                     \
        case 2: SMALL_PRODUCT(2, vectors, halves); break;                                                     \
        case 3: SMALL_PRODUCT(3, vectors, halves); break;                                                     \
        case 4: SMALL_PRODUCT(4, vectors, halves); break;                                                     \
        case 5: SMALL_PRODUCT(5, vectors, halves); break;                                                     \
        default: SMALL_PRODUCT(6, vectors, halves);                                                           \
        }

// The same for any number of rows and `columns` columns, a multiple of a tile.
TARGET static void NAME(product)(int halves, size_t rows, const float *a, size_t stride_a, const char *b,
                                 size_t tile, size_t step, size_t depth, size_t columns, float *c,
                                 size_t stride_c, const char *ahead) {
    enum { WIDE = VECTORS * WIDTH, TILES = WIDE / OCTAVO_KEY_TILE };
    size_t tiles = columns / OCTAVO_KEY_TILE, taken;
    for (; tiles > 0; tiles -= taken, b += taken * tile, c += taken * OCTAVO_KEY_TILE,
                      ahead += taken * OCTAVO_KEY_TILE * depth * sizeof(uint16_t)) {
        taken = tiles >= TILES ? TILES : tiles >= 2 ? 2 : 1;
        if (taken == TILES) {
            if (halves)
                FOR_ROWS(VECTORS, 1)
            else
                FOR_ROWS(VECTORS, 0)
        } else if (taken == 2) {
            if (halves)
                FOR_ROWS(VECTORS / 2, 1)
            else
                FOR_ROWS(VECTORS / 2, 0)
        } else {
            if (halves)
                FOR_ROWS(VECTORS / 4, 1)
            else
                FOR_ROWS(VECTORS / 4, 0)
        }
    }
}

TARGET static void NAME(widen)(const char *halves, float *out, size_t count) {
    for (size_t i = 0; i < count; i += WIDTH) LOOSE(out + i) = LOAD_HALVES(halves + i * sizeof(uint16_t));
}

#define TILE(pointer) (*(NAME(tile) *)(pointer))
#define FOR_TILES for (size_t i = 0; i < columns; i += OCTAVO_KEY_TILE)

// Turns the scores of a block of keys into weights exp(score - largest), where the largest of a row is that of all
// blocks so far; what was summed with a smaller one is scaled. Row by row, but step by step for all of them: the
// steps of one row wait for each other.
TARGET static void NAME(weigh)(const octavo_key_head *head, const octavo_query_rows *q, key_range block,
                               size_t columns, float *restrict scores, attention_part part) {
    size_t rows = q->tokens * q->heads, width = octavo_value_width(head->dimension);
    float scale = head->scale, cap = head->cap, inverse = 1 / cap;
    float factors[OCTAVO_QUERY_ROWS], poison[OCTAVO_QUERY_ROWS];
    for (size_t r = 0; r < rows; r++) {
        float *row = scores + r * OCTAVO_KEY_BLOCK;
        key_range seen = keys_within(block, keys_seen(head, q, r / q->heads));
        FOR_TILES TILE(row + i) *= scale;
        if (cap > 0)
            for (size_t i = 0; i < columns; i++) row[i] = cap * octavo_tanh_one(row[i] * inverse);
        for (size_t i = 0; i < seen.low; i++) row[i] = -INFINITY;
        for (size_t i = seen.high; i < columns; i++) row[i] = -INFINITY;
        NAME(tile) tops = TILE(row);
        FOR_TILES tops = __builtin_elementwise_max(tops, TILE(row + i));
        tops = __builtin_elementwise_max(tops, SWAPPED_EIGHTS(tops));
        tops = __builtin_elementwise_max(tops, SWAPPED_FOURS(tops));
        tops = __builtin_elementwise_max(tops, SWAPPED_PAIRS(tops));
        float top = tops[0] > tops[1] ? tops[0] : tops[1], before = part.largest[r];
        part.largest[r] = top > before ? top : before;
        factors[r] = before - part.largest[r];
    }
    for (size_t r = 0; r < rows; r++) factors[r] = octavo_exp_one(factors[r]);
    for (size_t r = 0; r < rows; r++) {
        float *row = scores + r * OCTAVO_KEY_BLOCK, shift = part.largest[r];
        // The exponential makes a number of what is none: scores that are not finite make no sum.
        int strange = shift == INFINITY;
        FOR_TILES for (size_t l = 0; l < OCTAVO_KEY_TILE; l++) {
            strange |= !(row[i + l] <= shift);
            row[i + l] = octavo_exp_one(row[i + l] - shift);
        }
        poison[r] = strange ? NAN : 0;
    }
    for (size_t r = 0; r < rows; r++) {
        float *row = scores + r * OCTAVO_KEY_BLOCK, *sums = part.sums + r * width;
        key_range seen = keys_within(block, keys_seen(head, q, r / q->heads));
        for (size_t i = 0; i < seen.low; i++) row[i] = 0;
        for (size_t i = seen.high; i < columns; i++) row[i] = 0;
        NAME(tile) lanes = TILE(row);
        for (size_t i = OCTAVO_KEY_TILE; i < columns; i += OCTAVO_KEY_TILE) lanes += TILE(row + i);
        lanes += SWAPPED_EIGHTS(lanes);
        lanes += SWAPPED_FOURS(lanes);
        lanes += SWAPPED_PAIRS(lanes);
        part.weights[r] = part.weights[r] * factors[r] + (lanes[0] + lanes[1]) + poison[r];
        for (size_t i = 0; i < width; i += OCTAVO_KEY_TILE) TILE(sums + i) *= factors[r];
    }
}

// The part of one stretch. Queries lie packed in the room.
TARGET static void NAME(stretch)(const octavo_key_head *head, const octavo_query_rows *q, size_t begin,
                                 size_t end, const attention_room *room, attention_part part) {
    size_t rows = q->tokens * q->heads, d = head->dimension, width = octavo_value_width(d);
    for (size_t i = 0; i < rows * width; i++) part.sums[i] = 0;
    for (size_t r = 0; r < rows; r++) part.largest[r] = -INFINITY, part.weights[r] = 0;
    // Each element of a block is needed once for every PRODUCT_ROWS rows: where that is more than once, it is
    // widened beforehand.
    int widens = head->halves && rows > PRODUCT_ROWS, halves = head->halves && !widens;
    size_t stored = head->halves ? sizeof(uint16_t) : sizeof(float);
    size_t size = halves ? sizeof(uint16_t) : sizeof(float);
    size_t next;
    for (size_t block = begin; block < end; block = next) {
        next = (block / OCTAVO_KEY_BLOCK + 1) * OCTAVO_KEY_BLOCK;
        next = next < end ? next : end;
        size_t count = next - block, columns = octavo_value_width(count);
        const char *keys = (const char *)head->keys + block * d * stored;
        const char *values = (const char *)head->values + block * width * stored;
        if (widens) {
            NAME(widen)(keys, room->keys, columns * d);
            NAME(widen)(values, room->values, count * width);
            keys = (const char *)room->keys, values = (const char *)room->values;
        }
        float *scores = room->scores;
        for (size_t i = 0; i < rows * OCTAVO_KEY_BLOCK; i++) scores[i] = 0;
        NAME(product)(halves, rows, room->queries, width, keys, d * OCTAVO_KEY_TILE * size,
                      OCTAVO_KEY_TILE * size, d, columns, scores, OCTAVO_KEY_BLOCK, values);
        NAME(weigh)(head, q, (key_range){block, next}, columns, scores, part);
        NAME(product)(halves, rows, scores, OCTAVO_KEY_BLOCK, values, OCTAVO_KEY_TILE * size, width * size,
                      count, width, part.sums, width, next < end ? keys + columns * d * size : values);
    }
}

// Joins a part to that of the stretches before it.
TARGET static void NAME(join)(size_t rows, size_t width, attention_part part, attention_part next) {
    for (size_t r = 0; r < rows; r++) {
        float largest = part.largest[r] > next.largest[r] ? part.largest[r] : next.largest[r];
        float before = octavo_exp_one(part.largest[r] - largest), after = octavo_exp_one(next.largest[r] - largest);
        float *restrict sums = part.sums + r * width;
        const float *restrict others = next.sums + r * width;
        for (size_t i = 0; i < width; i++) sums[i] = sums[i] * before + others[i] * after;
        part.weights[r] = part.weights[r] * before + next.weights[r] * after;
        part.largest[r] = largest;
    }
}

#undef VECTOR
#undef LOOSE
#undef UNROLL
#undef SMALL_PRODUCT
#undef FOR_ROWS
#undef FOR_TILES
#undef TILE
#undef NAME
#undef TARGET
#undef WIDTH
#undef VECTORS
#undef LOAD_HALVES
