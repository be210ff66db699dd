#include "process.h"

#if defined(__linux__)
#include <limits.h>
#include <malloc.h>
#endif

void octavo_keep_large_allocations(void) {
#if defined(__GLIBC__)
    // Arenas other than the first cannot grow large: beyond their limit they ask the system each time.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}
