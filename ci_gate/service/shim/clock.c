/* The wall clock of a service: the machine's, shifted by a number of nanoseconds in a shared file.
 *
 * Preloaded (LD_PRELOAD) into programs that use glibc, 64 bit. CI_GATE_CLOCK names the file. Only
 * CLOCK_REALTIME and CLOCK_REALTIME_COARSE are shifted; deadlines that a program gives in that clock
 * are shifted back, so that waiting takes as long as it was meant to. Everything else is untouched.
 *
 * There is no libc below this file: the library needs no version of any, so it can be loaded into
 * programs older than the machine that built it. What it calls is looked up when it is loaded, or
 * absent. Without the variable, without the file and outside glibc it shifts nothing.
 */

typedef struct { long s, n; } moment; /* struct timespec */
typedef struct { long s, us; } micro; /* struct timeval */

#define SECOND 1000000000L
#define WEAK __attribute__((weak))
#define PUBLIC __attribute__((visibility("default")))
#define REALTIME(clock) ((int)(clock) == 0)

extern void *dlsym(void *, const char *) WEAK;
extern void *dlvsym(void *, const char *, const char *) WEAK;
extern char *dlerror(void) WEAK;
extern int *__errno_location(void) WEAK;
extern const char *gnu_get_libc_version(void) WEAK;
extern void *__libc_dlopen_mode(const char *, int) WEAK; /* before glibc 2.34 */
extern void *__libc_dlsym(void *, const char *) WEAK;

#if defined(__x86_64__)
enum { CLOSE = 3, LSEEK = 8, MMAP = 9, OPENAT = 257, FUTEX = 202, GETTIME = 228, NANOSLEEP = 230,
       TIMEOFDAY = 96, TIME = 201 };
#define CONDITIONS "GLIBC_2.3.2" /* older programs had other conditions */
static long raw(long n, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__) && defined(__LP64__)
enum { CLOSE = 57, LSEEK = 62, MMAP = 222, OPENAT = 56, FUTEX = 98, GETTIME = 113, NANOSLEEP = 115,
       TIMEOFDAY = 169, TIME = -1 };
#define CONDITIONS "GLIBC_2.17"
static long raw(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#else
#error "only x86_64 and aarch64"
#endif

static long checked(long result)
{
    if ((unsigned long)result <= -4096UL)
        return result;
    if (__errno_location)
        *__errno_location() = (int)-result;
    return -1;
}

/* The file. The counters stand apart from the offset, which every read of the clock reads. They may
 * lose a count: what matters is whether there is one. */
static volatile struct { long offset, apart[7], loads, readers; } *shared;
static int writable, counted;

static long offset(void)
{
    if (!shared)
        return 0;
    if (!counted && writable) {
        counted = 1;
        shared->readers++;
    }
    return shared->offset;
}

static void shift(moment *at, long by)
{
    at->s += by / SECOND;
    at->n += by % SECOND;
    if (at->n >= SECOND) {
        at->n -= SECOND;
        at->s++;
    } else if (at->n < 0) {
        at->n += SECOND;
        at->s--;
    }
}

/* A deadline of the shifted clock as one of the machine's; what is invalid or endless stays. */
static moment *earlier(const moment *at, moment *room)
{
    long by = shared ? shared->offset : 0;
    if (!at || !by || at->n < 0 || at->n >= SECOND || at->s < 0 || at->s > 1L << 40)
        return (moment *)at;
    *room = *at;
    shift(room, -by);
    if (room->s < 0) { /* long past; zero would end a timer instead of firing it */
        room->s = 0;
        room->n = 1;
    }
    return room;
}

/* --- the functions behind ours */

#define NAMES(X) X(clock_gettime) X(timespec_get) X(clock_nanosleep) X(sem_timedwait) \
    X(sem_clockwait) X(mtx_timedlock) X(cnd_timedwait) X(mq_timedsend) X(mq_timedreceive) \
    X(pthread_mutex_timedlock) X(pthread_mutex_clocklock) X(pthread_rwlock_timedrdlock) \
    X(pthread_rwlock_timedwrlock) X(pthread_rwlock_clockrdlock) X(pthread_rwlock_clockwrlock) \
    X(pthread_cond_timedwait) X(pthread_cond_clockwait) X(pthread_timedjoin_np) \
    X(pthread_clockjoin_np) X(timerfd_create) X(timerfd_settime) X(pthread_cond_init) \
    X(pthread_condattr_init) X(pthread_condattr_setclock)
#define NUMBER(name) N_##name,
#define TEXT(name) #name,
typedef long call(long, long, long, long, long);
enum { NAMES(NUMBER) HOW_MANY };
static call *behind[HOW_MANY];

static call *find(int which)
{
    static const char *const names[] = { NAMES(TEXT) };
    static void *(*look)(void *, const char *), *(*look_version)(void *, const char *, const char *);
    void *next = (void *)-1L, *found = 0, *libdl;
    if (!look && dlsym) {
        look = dlsym;
        look_version = dlvsym;
    } else if (!look && __libc_dlopen_mode && __libc_dlsym) { /* a program without libdl */
        libdl = __libc_dlopen_mode("libdl.so.2", (int)0x80000002);
        look = libdl ? __libc_dlsym(libdl, "dlsym") : 0;
        look_version = libdl ? __libc_dlsym(libdl, "dlvsym") : 0;
    }
    if (look_version && (which == N_pthread_cond_timedwait || which == N_pthread_cond_init))
        found = look_version(next, names[which], CONDITIONS);
    if (!found && look)
        found = look(next, names[which]);
    return behind[which] = found;
}

static long ask(int which, long a, long b, long c, long d, long e)
{
    call *function = behind[which] ? behind[which] : find(which);
    return function ? function(a, b, c, d, e) : 38; /* ENOSYS */
}

/* --- reading the clock */

PUBLIC int clock_gettime(int clock, moment *at)
{
    call *function = behind[N_clock_gettime]; /* none before we are set up */
    int result = function ? (int)function(clock, (long)at, 0, 0, 0)
                          : (int)checked(raw(GETTIME, clock, (long)at, 0, 0, 0, 0));
    if (!result && (clock == 0 || clock == 5))
        shift(at, offset());
    return result;
}

PUBLIC int gettimeofday(micro *at, int *zone)
{
    moment now;
    if (at) {
        clock_gettime(0, &now);
        at->s = now.s;
        at->us = now.n / 1000;
    }
    if (zone)
        zone[0] = zone[1] = 0;
    return 0;
}

PUBLIC long time(long *at)
{
    moment now;
    clock_gettime(0, &now);
    if (at)
        *at = now.s;
    return now.s;
}

PUBLIC int timespec_get(moment *at, int base)
{
    if (base != 1)
        return behind[N_timespec_get] ? (int)ask(N_timespec_get, (long)at, base, 0, 0, 0) : 0;
    clock_gettime(0, at);
    return base;
}

/* --- waiting until: the deadline is argument number `at`, and in the shifted clock when `test` */

#define WAIT(name, at, test) \
    PUBLIC int name(long a, long b, long c, long d, long e) \
    { \
        moment room; \
        if (test) \
            at = (long)earlier((moment *)at, &room); \
        return (int)ask(N_##name, a, b, c, d, e); \
    }

static unsigned monotonic_word, monotonic_bit;

/* Which clock a condition goes by is a bit that glibc puts elsewhere every few years: we have one
 * made to see. Without that, a deadline tells: no machine has been up for 15 years. */
static int by_wall_clock(long condition, long deadline)
{
    if (monotonic_bit)
        return !(((unsigned *)condition)[monotonic_word] & monotonic_bit);
    return ((moment *)deadline)->s > 500000000;
}

static void learn_conditions(void)
{
    unsigned attribute[16] = { 0 }, condition[16] = { 0 }, i;
    if (!behind[N_pthread_condattr_init] || !behind[N_pthread_condattr_setclock] ||
        !behind[N_pthread_cond_init])
        return;
    ask(N_pthread_condattr_init, (long)attribute, 0, 0, 0, 0);
    ask(N_pthread_condattr_setclock, (long)attribute, 1, 0, 0, 0);
    ask(N_pthread_cond_init, (long)condition, (long)attribute, 0, 0, 0);
    for (i = 0; i < 16; i++)
        if (condition[i]) {
            monotonic_word = i;
            monotonic_bit = condition[i];
        }
}

WAIT(clock_nanosleep, c, REALTIME(a) && b & 1)
WAIT(sem_timedwait, b, 1)
WAIT(sem_clockwait, c, REALTIME(b))
WAIT(mtx_timedlock, b, 1)
WAIT(cnd_timedwait, c, 1)
WAIT(mq_timedsend, e, 1)
WAIT(mq_timedreceive, e, 1)
WAIT(pthread_mutex_timedlock, b, 1)
WAIT(pthread_mutex_clocklock, c, REALTIME(b))
WAIT(pthread_rwlock_timedrdlock, b, 1)
WAIT(pthread_rwlock_timedwrlock, b, 1)
WAIT(pthread_rwlock_clockrdlock, c, REALTIME(b))
WAIT(pthread_rwlock_clockwrlock, c, REALTIME(b))
WAIT(pthread_cond_timedwait, c, by_wall_clock(a, c))
WAIT(pthread_cond_clockwait, d, REALTIME(c))
WAIT(pthread_timedjoin_np, c, 1)
WAIT(pthread_clockjoin_np, d, REALTIME(c))

/* A timer that fires at a time of day. */
static unsigned char wall_timers[1024];

PUBLIC int timerfd_create(int clock, int flags)
{
    int file = (int)ask(N_timerfd_create, clock, flags, 0, 0, 0);
    if (file >= 0 && file < (int)sizeof wall_timers)
        wall_timers[file] = REALTIME(clock);
    return file;
}

PUBLIC int timerfd_settime(int file, int flags, const moment *wanted, moment *old)
{
    moment ours[2];
    if (wanted && flags & 1 && file >= 0 && file < (int)sizeof wall_timers && wall_timers[file]) {
        ours[0] = wanted[0];
        ours[1] = wanted[1];
        if (wanted[1].s || wanted[1].n)
            ours[1] = *earlier(&wanted[1], &ours[1]);
        wanted = ours;
    }
    return (int)ask(N_timerfd_settime, file, flags, (long)wanted, (long)old, 0);
}

/* Some libraries (Abseil, in gRPC) wait without glibc. A deadline is absolute in FUTEX_LOCK_PI, and
 * in the wall clock with FUTEX_CLOCK_REALTIME (256) for WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2. */
PUBLIC long syscall(long n, long a, long b, long c, long d, long e, long f)
{
    moment room;
    int futex = (int)b & 127;
    if (n == GETTIME)
        return clock_gettime((int)a, (moment *)b);
    if (n == TIMEOFDAY)
        return gettimeofday((micro *)a, (int *)b);
    if (TIME > 0 && n == TIME)
        return time((long *)a);
    if (n == NANOSLEEP && REALTIME(a) && b & 1)
        c = (long)earlier((moment *)c, &room);
    if (n == FUTEX && (futex == 6 || (b & 256 && (futex == 9 || futex == 11 || futex == 13))))
        d = (long)earlier((moment *)d, &room);
    return checked(raw(n, a, b, c, d, e, f));
}

/* --- setting up; glibc gives constructors what it gives main */

static const char *setting(char **environment)
{
    static const char name[] = "CI_GATE_CLOCK=";
    unsigned i;
    for (; environment && *environment; environment++) {
        for (i = 0; i < sizeof name - 1 && (*environment)[i] == name[i]; i++)
            ;
        if (i == sizeof name - 1)
            return *environment + i;
    }
    return 0;
}

__attribute__((constructor)) static void start(int count, char **arguments, char **environment)
{
    const char *path = gnu_get_libc_version ? setting(environment) : 0;
    long file, where = -1;
    int i;
    (void)count, (void)arguments;
    for (i = 0; i < HOW_MANY; i++)
        find(i);
    if (dlerror) /* what we did not find is not the program's error */
        dlerror();
    if (!path)
        return;
    learn_conditions();
    file = raw(OPENAT, -100, (long)path, 02000002, 0, 0, 0); /* O_RDWR | O_CLOEXEC */
    writable = file >= 0;
    if (!writable)
        file = raw(OPENAT, -100, (long)path, 02000000, 0, 0, 0);
    if (file < 0)
        return;
    if (raw(LSEEK, file, 0, 2, 0, 0, 0) >= (long)sizeof *shared)
        where = raw(MMAP, 0, 4096, writable ? 3 : 1, 1, file, 0);
    raw(CLOSE, file, 0, 0, 0, 0, 0);
    if ((unsigned long)where > -4096UL)
        return;
    shared = (void *)where;
    if (writable)
        shared->loads++;
}
