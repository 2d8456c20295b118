/* Another CPU, as far as the CPUID instruction tells: preloaded, it answers CPUID as that CPU would.

   gcc -O2 -shared -fPIC -o /tmp/other_cpu.so benchmarks/other_cpu.c
   OTHER_L1=32 OTHER_L2=512 OTHER_CORES=8 LD_PRELOAD=/tmp/other_cpu.so python benchmarks/bits.py

   OTHER_L1, OTHER_L2, OTHER_L3: data caches in KiB. OTHER_CORES: cores of the socket.
   OTHER_AVX512=0: no AVX-512, AVX-VNNI or AMX. Linux on x86-64, on CPUs with the flag cpuid_fault.
   The C library has asked before the preloaded library starts: its functions stay as they are. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { ARCH_CPUID_SET = 0x1012 };

static unsigned cache_kib[4], cores;
static int no_avx512;

static void let_cpuid(int allowed) { syscall(SYS_arch_prctl, ARCH_CPUID_SET, allowed); }

static unsigned number(const char *name) {
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

static void disguise(unsigned leaf, unsigned sub, unsigned r[4]) {
    enum { A, B, C, D };
    if (leaf == 4 && (r[A] & 31) != 2 && (r[A] & 31)) { /* a data or unified cache */
        unsigned level = (r[A] >> 5) & 7, line = (r[B] & 0xfff) + 1, ways = 8;
        if (level < 4 && cache_kib[level]) {
            r[B] = (r[B] & 0x3fffff) | (ways - 1) << 22;
            r[C] = cache_kib[level] * 1024 / (line * ways) - 1;
            r[A] &= ~(0xfffu << 14); /* not shared */
            if (level == 3 && cores) r[A] |= (cores - 1) << 14;
        }
    }
    if (leaf == 0xb && cores && sub < 2) r[B] = sub ? cores : 1;
    if (leaf == 7 && sub == 0 && no_avx512) {
        r[B] &= ~0xdc230000u; /* F DQ IFMA PF ER CD BW VL */
        r[C] &= ~0x00005842u; /* VBMI VBMI2 VNNI BITALG VPOPCNTDQ */
        r[D] &= ~0x03c0010cu; /* VP2INTERSECT AMX FP16 */
    }
    if (leaf == 7 && sub == 1 && no_avx512) r[A] &= ~0x30u; /* AVX-VNNI BF16 */
}

static void answer(int signal_number, siginfo_t *info, void *context) {
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)r[REG_RIP];
    (void)info;
    if (code[0] != 0x0f || code[1] != 0xa2) { /* no CPUID: a fault like any other */
        signal(signal_number, SIG_DFL);
        return;
    }
    unsigned leaf = r[REG_RAX], sub = r[REG_RCX], v[4];
    let_cpuid(1);
    __cpuid_count(leaf, sub, v[0], v[1], v[2], v[3]);
    let_cpuid(0);
    disguise(leaf, sub, v);
    r[REG_RAX] = v[0], r[REG_RBX] = v[1], r[REG_RCX] = v[2], r[REG_RDX] = v[3];
    r[REG_RIP] += 2;
}

__attribute__((constructor)) static void start(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    cache_kib[1] = number("OTHER_L1"), cache_kib[2] = number("OTHER_L2");
    cache_kib[3] = number("OTHER_L3"), cores = number("OTHER_CORES");
    no_avx512 = getenv("OTHER_AVX512") && !number("OTHER_AVX512");
    sigaction(SIGSEGV, &action, NULL);
    let_cpuid(0);
}
