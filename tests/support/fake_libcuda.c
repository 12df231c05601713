/* A libcuda.so.1 for tests: two devices, a primary context for each and one explicit context, and kernels that take
 * 30 ms. Calls are counted; whatever the clock must never do ends up in `created`. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
enum { SUCCESS = 0, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, INVALID_CONTEXT = 201, LAUNCH_FAILED = 719,
       CAPTURE_UNSUPPORTED = 900, CAPTURE_IMPLICIT = 906 };

typedef struct { int device; int busy; int exists; int references; } Context;
static Context primary[2] = {{0}, {1}};
static Context explicit_context = {0};
static Context *stack[16];
static int depth, initialized, broken;
static int blocking_capture, other_capture;
EXPORT int synchronized, created, current_calls, invalidated;

EXPORT int cuInit(unsigned flags) { (void)flags; initialized = 1; return SUCCESS; }

EXPORT int cuDeviceGetCount(int *count) {
    if (!initialized) return NOT_INITIALIZED;
    *count = 2;
    return SUCCESS;
}

EXPORT int cuCtxGetCurrent(void **context) {
    current_calls++;
    if (!initialized) return NOT_INITIALIZED;
    *context = depth ? stack[depth - 1] : NULL;
    return SUCCESS;
}

EXPORT int cuCtxPushCurrent_v2(void *context) { stack[depth++] = context; return SUCCESS; }

EXPORT int cuCtxPopCurrent_v2(void **context) {
    if (!depth) return INVALID_CONTEXT;
    *context = stack[--depth];
    return SUCCESS;
}

EXPORT int cuCtxSynchronize(void) {
    if (!depth) return INVALID_CONTEXT;
    if (blocking_capture || other_capture) {
        invalidated++;
        return CAPTURE_UNSUPPORTED;
    }
    synchronized++;
    if (broken) return LAUNCH_FAILED;
    if (stack[depth - 1]->busy) usleep(30000);
    stack[depth - 1]->busy = 0;
    return SUCCESS;
}

EXPORT int cuStreamIsCapturing(void *stream, int *status) {
    if (!depth) return INVALID_CONTEXT;
    if (stream == (void *)1 && blocking_capture) return CAPTURE_IMPLICIT;
    *status = 0;
    return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
    if (!initialized) return NOT_INITIALIZED;
    *flags = 0;
    *active = primary[device].references > 0;
    return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxRetain(void **context, int device) {
    if (!primary[device].references++) created++;
    *context = &primary[device];
    return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int device) { primary[device].references--; return SUCCESS; }

/* An L2 cache of 1 MiB on device 0 that is warm unless a buffer of twice its size has been written; one buffer. */
enum { L2_BYTES = 1 << 20, L2_ATTRIBUTE = 38 };
static int l2_is_warm, l2_bytes = L2_BYTES, is_full;
EXPORT int flushes, cold_touches, warm_touches, buffers;

EXPORT int cuCtxGetDevice(int *device) {
    if (!depth) return INVALID_CONTEXT;
    *device = stack[depth - 1]->device;
    return SUCCESS;
}

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == L2_ATTRIBUTE && device == 0 ? l2_bytes : 0;
    return SUCCESS;
}

EXPORT int cuMemAlloc_v2(unsigned long long *pointer, size_t bytes) {
    if (is_full) return OUT_OF_MEMORY;
    buffers++;
    *pointer = 0x700000000000ull + bytes;
    return SUCCESS;
}

EXPORT int cuMemFree_v2(unsigned long long pointer) { (void)pointer; buffers--; return SUCCESS; }

EXPORT int cuMemsetD8Async(unsigned long long pointer, unsigned char value, size_t bytes, void *stream) {
    (void)value; (void)stream;
    if (pointer != 0x700000000000ull + bytes || bytes < 2 * L2_BYTES) return INVALID_CONTEXT;
    flushes++;
    l2_is_warm = 0;
    return SUCCESS;
}

/* What a snippet does. */
EXPORT void fill(void) { is_full = 1; }
EXPORT void without_l2(void) { l2_bytes = 0; }
EXPORT void touch(void) { if (l2_is_warm) warm_touches++; else cold_touches++; l2_is_warm = 1; }
EXPORT void use_primary(int device) { primary[device].references++; }
EXPORT void drop_primary(int device) { primary[device].references--; }
EXPORT int references(int device) { return primary[device].references; }
EXPORT void push_primary(int device) { stack[depth++] = &primary[device]; }
EXPORT void push_explicit(void) { stack[depth++] = &explicit_context; }
EXPORT void pop(void) { depth--; }
EXPORT int stack_depth(void) { return depth; }
EXPORT void launch(int device) { primary[device].busy = 1; }
EXPORT void launch_explicit(void) { explicit_context.busy = 1; }
EXPORT void fail(void) { broken = 1; }
/* Captures of an ordinary stream, and of one that does not block the legacy stream. */
EXPORT void capture_blocking(int on) { blocking_capture = on; }
EXPORT void capture_other(int on) { other_capture = on; }
EXPORT int is_captured(void) { return other_capture; }
