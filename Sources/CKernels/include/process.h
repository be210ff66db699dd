#pragma once

/// Makes the allocator keep large blocks once the process has them, where the C library can.
void octavo_keep_large_allocations(void);
