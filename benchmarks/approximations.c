/* Tells which of some instructions a process executes; approximations.py loads it.

   Each gets a breakpoint. The first thread that comes upon it puts the instruction back, notes
   that it was there, and goes on, so that nothing is computed otherwise than without it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { MOST = 4096, BREAKPOINT = 0xCC, PAGE = 4096 };
static uint8_t *sites[MOST], first[MOST];
static volatile int met[MOST];
static int count;

static void restore(int signal_number, siginfo_t *info, void *context) {
    greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    for (int i = 0; i < count; i++)
        if (sites[i] == (uint8_t *)*rip - 1) {
            *sites[i] = first[i];
            met[i] = 1;
            *rip -= 1;
            return;
        }
    signal(signal_number, SIG_DFL); /* not one of ours */
    (void)info;
}

/* Watch the instructions at these addresses; 0 where their pages cannot be written. */
int watch(uint8_t **addresses, int number) {
    struct sigaction action = {.sa_sigaction = restore, .sa_flags = SA_SIGINFO};
    count = number;
    for (int i = 0; i < number; i++) {
        uint8_t *page = (uint8_t *)((uintptr_t)addresses[i] / PAGE * PAGE);
        if (mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC)) return 0;
        sites[i] = addresses[i];
        first[i] = *addresses[i];
    }
    return sigaction(SIGTRAP, &action, 0) == 0;
}

/* Set all breakpoints again, and forget what was met. */
void arm(void) {
    for (int i = 0; i < count; i++) {
        met[i] = 0;
        *sites[i] = BREAKPOINT;
    }
}

int was_met(int i) { return met[i]; }
