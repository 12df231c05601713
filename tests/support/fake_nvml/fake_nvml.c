/* A libnvidia-ml.so.1 without a driver: values are a known function of time and GPU (see build.py for the same in
 * Python), what is wrong comes from settings.
 *
 * Settings are `key=value` pairs separated by newlines or semicolons, from the environment variable FAKE_NVML and, over
 * it, from the file named by FAKE_NVML_CONTROL, which is read again whenever it changes:
 *
 *   gpus=N             GPUs 0 to N-1 are present         present=0,2        exactly these are present
 *   init=CODE          nvmlInit fails                    lost=1,3           these answer GPU_IS_LOST (15)
 *   refuse=F:CODE,...  function F answers CODE; F@2:CODE only for GPU 2; field186:CODE for one field value
 *   hang=F,...         function F never returns; "all"   delay=F:US,...     function F takes US microseconds; "all"
 *   absurd=0,1         these GPUs answer with nonsense   processes=N        processes per GPU (default 1)
 *   pids=123,456       pids to report instead of made-up ones
 *   graphics=1         the last process also draws, and one more only draws
 *   noise=1            nvmlInit prints to stdout         name=TEXT           what every GPU is called
 *   latin1=F,...       function F answers with a text that is not UTF-8
 *   used=MIB           memory in use instead of the wave    util=PERCENT       utilization instead of the wave
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_GPUS = 256, TEXT = 4096 };
enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
       GPU_IS_LOST = 15 };

typedef unsigned int uint;
typedef unsigned long long ullong;
typedef int ret;
typedef struct { int identity; } Gpu;

static Gpu gpus[MAX_GPUS];
static int initialized;
/* Of each thread by itself: one may read them while another finds them changed. */
static __thread char settings[2 * TEXT];
static __thread int has_faults;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double steady_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void read_settings(void) {
    static __thread double checked_s;
    static __thread struct timespec modified;
    static __thread int started;
    const char *control = getenv("FAKE_NVML_CONTROL"), *initial = getenv("FAKE_NVML");
    double now = steady_s();
    struct stat status;
    if (started && (!control || now - checked_s < 0.02)) return;
    checked_s = now;
    int has_file = control && stat(control, &status) == 0;
    if (started && (!has_file || (status.st_mtim.tv_sec == modified.tv_sec && status.st_mtim.tv_nsec == modified.tv_nsec)))
        return;
    started = 1;
    char text[TEXT] = "";
    if (has_file) {
        modified = status.st_mtim;
        FILE *file = fopen(control, "r");
        if (file) {
            text[fread(text, 1, sizeof text - 1, file)] = 0;
            fclose(file);
        }
    }
    /* The first match counts: the file goes before the environment. */
    snprintf(settings, sizeof settings, "\n%s\n%s\n", text, initial ? initial : "");
    for (char *c = settings; *c; c++)
        if (*c == ';') *c = '\n';
    has_faults = strstr(settings, "hang=") || strstr(settings, "delay=") || strstr(settings, "refuse=") ||
                 strstr(settings, "lost=") || strstr(settings, "absurd=");
}

/* The value of a key up to the end of its line, or NULL. */
static const char *setting(const char *key) {
    char needle[64];
    snprintf(needle, sizeof needle, "\n%s=", key);
    const char *found = strstr(settings, needle);
    return found ? found + strlen(needle) : NULL;
}

static int number(const char *key, int otherwise) {
    const char *value = setting(key);
    return value ? atoi(value) : otherwise;
}

/* Look for an item of a comma-separated list; its ":NUMBER" goes to *value. */
static int listed(const char *key, const char *item, int *value) {
    const char *at = setting(key);
    size_t length = strlen(item);
    while (at && *at && *at != '\n') {
        if (!strncmp(at, item, length) && strchr(":,\n", at[length])) {
            if (value && at[length] == ':') *value = atoi(at + length + 1);
            return 1;
        }
        at = strpbrk(at, ",\n");
        if (!at || *at == '\n') break;
        at++;
    }
    return 0;
}

static int listed_number(const char *key, int item) {
    char text[16];
    snprintf(text, sizeof text, "%d", item);
    return listed(key, text, NULL);
}

static int is_present(int identity) {
    return setting("present") ? listed_number("present", identity) : identity < number("gpus", 1);
}

static int count_present(void) {
    int count = 0;
    for (int i = 0; i < MAX_GPUS; i++) count += is_present(i);
    return count;
}

/* What every call does first: hang, wait, or fail as told. */
static ret enter(const char *function, Gpu *gpu) {
    int value = 0;
    char of_gpu[128];
    read_settings();
    if (!has_faults) /* Cheap, so that benchmarks on it measure their subject. */
        return !initialized && strncmp(function, "nvmlInit", 8) ? UNINITIALIZED
               : gpu && !is_present(gpu->identity)               ? INVALID_ARGUMENT
                                                                 : SUCCESS;
    while (listed("hang", function, NULL) || listed("hang", "all", NULL)) {
        usleep(20000); /* The settings are not read again: a hung call never returns. */
    }
    if (listed("delay", function, &value) || listed("delay", "all", &value)) usleep(value);
    snprintf(of_gpu, sizeof of_gpu, "%s@%d", function, gpu ? gpu->identity : -1);
    if (listed("refuse", function, &value) || listed("refuse", of_gpu, &value)) return value;
    if (!initialized && strncmp(function, "nvmlInit", 8)) return UNINITIALIZED;
    if (gpu && listed_number("lost", gpu->identity)) return GPU_IS_LOST;
    if (gpu && !is_present(gpu->identity)) return INVALID_ARGUMENT;
    return SUCCESS;
}

#define ENTER(gpu)                        \
    do {                                  \
        ret code = enter(__func__, gpu);  \
        if (code) return code;            \
    } while (0)

static int absurd(Gpu *gpu) { return has_faults && listed_number("absurd", gpu->identity); }
static uint nonsense(Gpu *gpu, double value) { return absurd(gpu) ? 4294967295u : (uint)(value + 0.5); }

static double wave(Gpu *gpu, double middle, double amplitude, double period_s) {
    return middle + amplitude * sin(2 * M_PI * now_s() / period_s + gpu->identity);
}

static double util(Gpu *gpu) { return number("util", -1) < 0 ? wave(gpu, 50, 45, 20) : number("util", 0); }
static double power_mw(Gpu *gpu) { return 1000 * wave(gpu, 350, 250, 20); }
static const ullong total_bytes = 85899345920ull;
static ullong used_bytes(Gpu *gpu) {
    if (number("used", -1) >= 0) return (ullong)number("used", 0) << 20;
    return (ullong)(total_bytes / 65536 * wave(gpu, 0.5, 0.3, 30)) * 65536;
}

static ret text_of(const char *function, char *to, uint length, const char *format, int value) {
    snprintf(to, length, format, value);
    if (listed("latin1", function, NULL)) to[1] = '\xe9';
    return SUCCESS;
}
#define text(...) text_of(__func__, __VA_ARGS__)

/* ---- the library ---- */

static ret init(const char *function) {
    ret code = enter(function, NULL);
    if (code) return code;
    if (number("noise", 0)) {
        puts("a library that prints");
        fflush(stdout);
    }
    code = number("init", 0);
    if (!code) initialized++;
    for (int i = 0; i < MAX_GPUS; i++) gpus[i].identity = i;
    return code;
}
ret nvmlInitWithFlags(uint flags) { (void)flags; return init("nvmlInitWithFlags"); }
ret nvmlInit_v2(void) { return init("nvmlInit_v2"); }
ret nvmlShutdown(void) { ENTER(NULL); initialized--; return SUCCESS; }
const char *nvmlErrorString(ret code) { (void)code; return "an error of the fake"; }
ret nvmlSystemGetDriverVersion(char *to, uint length) { ENTER(NULL); return text(to, length, "580.00.%02d", 7); }
ret nvmlSystemGetNVMLVersion(char *to, uint length) { ENTER(NULL); return text(to, length, "13.580.00.%02d", 7); }
ret nvmlSystemGetCudaDriverVersion(int *to) { ENTER(NULL); *to = 13000; return SUCCESS; }
ret nvmlSystemGetCudaDriverVersion_v2(int *to) { ENTER(NULL); *to = 13000; return SUCCESS; }
ret nvmlSystemGetProcessName(uint pid, char *to, uint length) { ENTER(NULL); return text(to, length, "/usr/bin/worker-%d", pid); }

/* ---- GPUs ---- */

ret nvmlDeviceGetCount_v2(uint *to) { ENTER(NULL); *to = count_present(); return SUCCESS; }
ret nvmlDeviceGetHandleByIndex_v2(uint index, Gpu **to) {
    ENTER(NULL);
    for (int i = 0; i < MAX_GPUS; i++)
        if (is_present(i) && index-- == 0) {
            *to = &gpus[i];
            return listed_number("lost", i) ? GPU_IS_LOST : SUCCESS;
        }
    return INVALID_ARGUMENT;
}
ret nvmlDeviceGetUUID(Gpu *gpu, char *to, uint length) { ENTER(gpu); return text(to, length, "GPU-fa4e0000-0000-0000-0000-%012d", gpu->identity); }
ret nvmlDeviceGetHandleByUUID(const char *uuid, Gpu **to) {
    ENTER(NULL);
    int identity = strlen(uuid) > 12 ? atoi(uuid + strlen(uuid) - 12) : -1;
    if (identity < 0 || identity >= MAX_GPUS || !is_present(identity)) return NOT_FOUND;
    *to = &gpus[identity];
    return SUCCESS;
}
ret nvmlDeviceGetIndex(Gpu *gpu, uint *to) {
    ENTER(gpu);
    *to = 0;
    for (int i = 0; i < gpu->identity; i++) *to += is_present(i);
    return SUCCESS;
}
ret nvmlDeviceGetMinorNumber(Gpu *gpu, uint *to) { ENTER(gpu); *to = gpu->identity; return SUCCESS; }
ret nvmlDeviceGetName(Gpu *gpu, char *to, uint length) {
    ENTER(gpu);
    const char *name = setting("name");
    if (!name) return text(to, length, "NVIDIA Fake %d", gpu->identity);
    snprintf(to, length, "%.*s", (int)strcspn(name, "\n"), name);
    return SUCCESS;
}
ret nvmlDeviceGetSerial(Gpu *gpu, char *to, uint length) { ENTER(gpu); return text(to, length, "%d", gpu->identity); }
ret nvmlDeviceGetCudaComputeCapability(Gpu *gpu, int *major, int *minor) { ENTER(gpu); *major = 9; *minor = 0; return SUCCESS; }

typedef struct { char legacy[16]; uint domain, bus, device, pci_id, subsystem; char bus_id[32]; } PciInfo;
ret nvmlDeviceGetPciInfo_v3(Gpu *gpu, PciInfo *to) {
    ENTER(gpu);
    memset(to, 0, sizeof *to);
    to->bus = gpu->identity + 1;
    text(to->legacy, sizeof to->legacy, "0000:%02X:00.0", to->bus);
    return text(to->bus_id, sizeof to->bus_id, "00000000:%02X:00.0", to->bus);
}

/* ---- figures ---- */

typedef struct { uint gpu, memory; } Utilization;
ret nvmlDeviceGetUtilizationRates(Gpu *gpu, Utilization *to) {
    ENTER(gpu);
    to->gpu = nonsense(gpu, util(gpu));
    to->memory = nonsense(gpu, 0.4 * util(gpu));
    return SUCCESS;
}
typedef struct { ullong total, free, used; } MemoryV1;
ret nvmlDeviceGetMemoryInfo(Gpu *gpu, MemoryV1 *to) {
    ENTER(gpu);
    /* The older call counts what the driver reserved as used. */
    ullong used = absurd(gpu) ? ~0ull : used_bytes(gpu) + (512ull << 20);
    *to = (MemoryV1){total_bytes, total_bytes - used, used};
    return SUCCESS;
}
typedef struct { uint version; ullong total, reserved, free, used; } MemoryV2;
ret nvmlDeviceGetMemoryInfo_v2(Gpu *gpu, MemoryV2 *to) {
    ENTER(gpu);
    if (to->version != (sizeof *to | 2 << 24)) return 25;
    ullong used = absurd(gpu) ? ~0ull : used_bytes(gpu);
    *to = (MemoryV2){to->version, total_bytes, 512ull << 20, total_bytes - used, used};
    return SUCCESS;
}
typedef struct { ullong total, free, used; } Bar1;
ret nvmlDeviceGetBAR1MemoryInfo(Gpu *gpu, Bar1 *to) { ENTER(gpu); *to = (Bar1){1ull << 37, (1ull << 37) - (1 << 20), 1 << 20}; return SUCCESS; }
ret nvmlDeviceGetTemperature(Gpu *gpu, int sensor, uint *to) { ENTER(gpu); (void)sensor; *to = nonsense(gpu, wave(gpu, 55, 10, 60)); return SUCCESS; }
typedef struct { uint version; int sensor, temperature; } Temperature;
ret nvmlDeviceGetTemperatureV(Gpu *gpu, Temperature *to) { ENTER(gpu); to->temperature = (int)nonsense(gpu, wave(gpu, 55, 10, 60)); return SUCCESS; }
ret nvmlDeviceGetFanSpeed(Gpu *gpu, uint *to) { ENTER(gpu); *to = nonsense(gpu, wave(gpu, 40, 5, 60)); return SUCCESS; }
ret nvmlDeviceGetPowerUsage(Gpu *gpu, uint *to) { ENTER(gpu); *to = nonsense(gpu, power_mw(gpu)); return SUCCESS; }
ret nvmlDeviceGetEnforcedPowerLimit(Gpu *gpu, uint *to) { ENTER(gpu); *to = 700000; return SUCCESS; }
ret nvmlDeviceGetPowerManagementLimit(Gpu *gpu, uint *to) { ENTER(gpu); *to = 700000; return SUCCESS; }
/* The integral of power_mw since 1970, in steps of 100 ms as on real GPUs. */
ret nvmlDeviceGetTotalEnergyConsumption(Gpu *gpu, ullong *to) {
    ENTER(gpu);
    double step_s = floor(now_s() * 10) / 10, w = 2 * M_PI / 20;
    double swing = (cos(gpu->identity) - cos(w * step_s + gpu->identity)) / w;
    *to = absurd(gpu) ? ~0ull : (ullong)(1000 * (350 * step_s + 250 * swing));
    return SUCCESS;
}
ret nvmlDeviceGetClockInfo(Gpu *gpu, int type, uint *to) { ENTER(gpu); *to = nonsense(gpu, type == 2 ? 3201 : wave(gpu, 1500, 400, 20)); return SUCCESS; }
ret nvmlDeviceGetMaxClockInfo(Gpu *gpu, int type, uint *to) { ENTER(gpu); *to = type == 2 ? 3201 : 1980; return SUCCESS; }
ret nvmlDeviceGetEncoderUtilization(Gpu *gpu, uint *to, uint *period) { ENTER(gpu); *to = nonsense(gpu, 5); *period = 100000; return SUCCESS; }
ret nvmlDeviceGetDecoderUtilization(Gpu *gpu, uint *to, uint *period) { ENTER(gpu); *to = nonsense(gpu, 10); *period = 100000; return SUCCESS; }
ret nvmlDeviceGetPerformanceState(Gpu *gpu, uint *to) { ENTER(gpu); *to = absurd(gpu) ? 32 : 0; return SUCCESS; }
ret nvmlDeviceGetCurrentClocksEventReasons(Gpu *gpu, ullong *to) { ENTER(gpu); *to = absurd(gpu) ? ~0ull : 4; return SUCCESS; }
ret nvmlDeviceGetCurrentClocksThrottleReasons(Gpu *gpu, ullong *to) { ENTER(gpu); *to = absurd(gpu) ? ~0ull : 4; return SUCCESS; }
ret nvmlDeviceGetMaxPcieLinkGeneration(Gpu *gpu, uint *to) { ENTER(gpu); *to = 5; return SUCCESS; }
ret nvmlDeviceGetMaxPcieLinkWidth(Gpu *gpu, uint *to) { ENTER(gpu); *to = 16; return SUCCESS; }
ret nvmlDeviceGetCurrPcieLinkGeneration(Gpu *gpu, uint *to) { ENTER(gpu); *to = 5; return SUCCESS; }
ret nvmlDeviceGetCurrPcieLinkWidth(Gpu *gpu, uint *to) { ENTER(gpu); *to = 16; return SUCCESS; }
ret nvmlDeviceGetPcieThroughput(Gpu *gpu, int counter, uint *to) { ENTER(gpu); (void)counter; *to = 1000; return SUCCESS; }
ret nvmlDeviceGetPersistenceMode(Gpu *gpu, uint *to) { ENTER(gpu); *to = 1; return SUCCESS; }
ret nvmlDeviceGetComputeMode(Gpu *gpu, uint *to) { ENTER(gpu); *to = 0; return SUCCESS; }
ret nvmlDeviceGetDisplayMode(Gpu *gpu, uint *to) { ENTER(gpu); *to = 0; return SUCCESS; }
ret nvmlDeviceGetDisplayActive(Gpu *gpu, uint *to) { ENTER(gpu); *to = 0; return SUCCESS; }
ret nvmlDeviceGetTotalEccErrors(Gpu *gpu, int type, int counter, ullong *to) { ENTER(gpu); (void)type; (void)counter; *to = 0; return SUCCESS; }
ret nvmlDeviceGetMigMode(Gpu *gpu, uint *current, uint *pending) { ENTER(gpu); (void)current; (void)pending; return NOT_SUPPORTED; }
ret nvmlDeviceGetDriverModel(Gpu *gpu, uint *current, uint *pending) { ENTER(gpu); (void)current; (void)pending; return NOT_SUPPORTED; }
ret nvmlDeviceGetDriverModel_v2(Gpu *gpu, uint *current, uint *pending) { ENTER(gpu); (void)current; (void)pending; return NOT_SUPPORTED; }
ret nvmlDeviceIsMigDeviceHandle(Gpu *gpu, uint *to) { ENTER(gpu); *to = 0; return SUCCESS; }

typedef struct {
    uint id, scope;
    int64_t timestamp, latency_us;
    uint type, code;
    ullong value;
} FieldValue;
ret nvmlDeviceGetFieldValues(Gpu *gpu, int count, FieldValue *values) {
    ENTER(gpu);
    for (int i = 0; i < count; i++) {
        char name[32];
        int code = 0;
        snprintf(name, sizeof name, "field%u", values[i].id);
        values[i].type = 1;
        if (listed("refuse", name, &code)) values[i].code = code;
        else if (values[i].id != 185 && values[i].id != 186) values[i].code = NOT_SUPPORTED;
        else {
            values[i].code = 0;
            /* The other half of the union is whatever the driver left there. */
            values[i].value = 0xABCD00000000ull | nonsense(gpu, power_mw(gpu));
        }
    }
    return SUCCESS;
}

/* ---- processes ---- */

typedef struct { uint pid; ullong used; uint gpu_instance, compute_instance; } Process;

static uint pid_of(Gpu *gpu, int position) {
    const char *pids = setting("pids");
    for (int i = 0; pids && i < position; i++) pids = strpbrk(pids, ",\n") && *strpbrk(pids, ",\n") == ',' ? strpbrk(pids, ",\n") + 1 : NULL;
    return pids ? (uint)atoi(pids) : 4000000u + 100 * gpu->identity + position;
}

static ret processes(Gpu *gpu, uint *count, Process *to, int first, int end) {
    uint room = *count;
    *count = end - first;
    if (*count > room) return INSUFFICIENT_SIZE;
    for (int i = first; i < end; i++) to[i - first] = (Process){pid_of(gpu, i), absurd(gpu) ? ~0ull : (ullong)(i + 1) << 30, ~0u, ~0u};
    return SUCCESS;
}
ret nvmlDeviceGetComputeRunningProcesses_v3(Gpu *gpu, uint *count, Process *to) { ENTER(gpu); return processes(gpu, count, to, 0, number("processes", 1)); }
ret nvmlDeviceGetComputeRunningProcesses_v2(Gpu *gpu, uint *count, Process *to) { ENTER(gpu); return processes(gpu, count, to, 0, number("processes", 1)); }
ret nvmlDeviceGetGraphicsRunningProcesses_v3(Gpu *gpu, uint *count, Process *to) {
    ENTER(gpu);
    int last = number("processes", 1);
    return number("graphics", 0) ? processes(gpu, count, to, last - 1, last + 1) : processes(gpu, count, to, 0, 0);
}
ret nvmlDeviceGetMPSComputeRunningProcesses_v3(Gpu *gpu, uint *count, Process *to) { ENTER(gpu); return processes(gpu, count, to, 0, 0); }

typedef struct { uint pid; ullong timestamp; uint sm, memory, encoder, decoder; } ProcessUtilization;
ret nvmlDeviceGetProcessUtilization(Gpu *gpu, ProcessUtilization *to, uint *count, ullong since_us) {
    ENTER(gpu);
    int running = number("processes", 1);
    uint room = *count;
    ullong time_us = (ullong)(1e6 * now_s());
    *count = 2 * running;
    if (!running || time_us <= since_us) return NOT_FOUND;
    if (!to || *count > room) return INSUFFICIENT_SIZE;
    for (int i = 0; i < running; i++) {
        /* Newest first, to see that the newest counts. */
        to[2 * i] = (ProcessUtilization){pid_of(gpu, i), time_us, nonsense(gpu, util(gpu) / running), 0, 0, 0};
        to[2 * i + 1] = (ProcessUtilization){pid_of(gpu, i), time_us - 170000, 1, 0, 0, 0};
    }
    return SUCCESS;
}
