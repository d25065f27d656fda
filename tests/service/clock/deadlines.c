/* Waits 0.2 s for something that never comes, in every way that takes a deadline in the wall clock
 * (and a few that take one in the monotonic clock). Prints "name milliseconds" for each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static struct timespec until(int clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_nsec += 200000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

static void *holds(void *mutex)
{
    pthread_mutex_lock(mutex);
    return 0;
}

static void *writes(void *lock)
{
    pthread_rwlock_wrlock(lock);
    return 0;
}

static void *takes(void *simple)
{
    mtx_lock(simple);
    return 0;
}

static void *sleeps(void *nothing)
{
    struct timespec long_time = { 20, 0 };
    nanosleep(&long_time, 0);
    return nothing;
}

#define TIMED(what, call) \
    do { \
        struct timespec from, to; \
        clock_gettime(CLOCK_MONOTONIC, &from); \
        call; \
        clock_gettime(CLOCK_MONOTONIC, &to); \
        printf("%s %ld\n", what, \
               (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000); \
        fflush(stdout); \
    } while (0)

static void conditions(const char *name, int clock)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attribute;
    pthread_cond_t condition;
    struct timespec at;
    pthread_condattr_init(&attribute);
    pthread_condattr_setclock(&attribute, clock);
    pthread_cond_init(&condition, &attribute);
    pthread_mutex_lock(&mutex);
    at = until(clock);
    TIMED(name, pthread_cond_timedwait(&condition, &mutex, &at));
}

int main(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, own = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t plain = PTHREAD_COND_INITIALIZER;
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    struct mq_attr small = { .mq_maxmsg = 1, .mq_msgsize = 8 };
    struct itimerspec timer = { 0 };
    struct timespec at;
    pthread_t holder, sleeper;
    unsigned long long fired;
    char message[8], name[64];
    int file, word = 0;
    mqd_t queue;
    mtx_t simple, taken;
    cnd_t signal;
    sem_t semaphore;

    pthread_create(&holder, 0, holds, &mutex);
    pthread_join(holder, 0);
    pthread_create(&holder, 0, writes, &lock);
    pthread_join(holder, 0);
    pthread_create(&sleeper, 0, sleeps, 0);
    pthread_mutex_lock(&own);
    sem_init(&semaphore, 0, 0);

    at = until(CLOCK_REALTIME);
    TIMED("clock_nanosleep", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, 0));
    at = until(CLOCK_MONOTONIC);
    TIMED("clock_nanosleep-monotonic", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0));
    at = (struct timespec){ 0, 200000000 };
    TIMED("clock_nanosleep-relative", clock_nanosleep(CLOCK_REALTIME, 0, &at, 0));
    at = until(CLOCK_REALTIME);
    TIMED("sem_timedwait", sem_timedwait(&semaphore, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_mutex_timedlock", pthread_mutex_timedlock(&mutex, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_cond_timedwait-static", pthread_cond_timedwait(&plain, &own, &at));
    conditions("pthread_cond_timedwait-wall", CLOCK_REALTIME);
    conditions("pthread_cond_timedwait-monotonic", CLOCK_MONOTONIC);
    at = until(CLOCK_REALTIME);
    TIMED("pthread_rwlock_timedrdlock", pthread_rwlock_timedrdlock(&lock, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_rwlock_timedwrlock", pthread_rwlock_timedwrlock(&lock, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_timedjoin_np", pthread_timedjoin_np(sleeper, 0, &at));

    mtx_init(&simple, mtx_timed);
    mtx_init(&taken, mtx_timed);
    pthread_create(&holder, 0, takes, &taken);
    pthread_join(holder, 0);
    at = until(CLOCK_REALTIME);
    TIMED("mtx_timedlock", mtx_timedlock(&taken, &at));
    cnd_init(&signal);
    mtx_lock(&simple);
    at = until(CLOCK_REALTIME);
    TIMED("cnd_timedwait", cnd_timedwait(&signal, &simple, &at));

    snprintf(name, sizeof name, "/deadlines-%d", (int)getpid());
    queue = mq_open(name, O_RDWR | O_CREAT, 0600, &small);
    if (queue != (mqd_t)-1) {
        mq_unlink(name);
        at = until(CLOCK_REALTIME);
        TIMED("mq_timedreceive", mq_timedreceive(queue, message, sizeof message, 0, &at));
        mq_send(queue, "full", 4, 0);
        at = until(CLOCK_REALTIME);
        TIMED("mq_timedsend", mq_timedsend(queue, "more", 4, 0, &at));
    }

    file = timerfd_create(CLOCK_REALTIME, 0);
    timer.it_value = until(CLOCK_REALTIME);
    timerfd_settime(file, TFD_TIMER_ABSTIME, &timer, 0);
    TIMED("timerfd", (void)!read(file, &fired, sizeof fired));
    file = timerfd_create(CLOCK_MONOTONIC, 0);
    timer.it_value = until(CLOCK_MONOTONIC);
    timerfd_settime(file, TFD_TIMER_ABSTIME, &timer, 0);
    TIMED("timerfd-monotonic", (void)!read(file, &fired, sizeof fired));

    at = until(CLOCK_REALTIME);
    TIMED("futex-wall", syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &at,
                                0, FUTEX_BITSET_MATCH_ANY));
    at = until(CLOCK_MONOTONIC);
    TIMED("futex-monotonic",
          syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &at, 0, FUTEX_BITSET_MATCH_ANY));
    at = (struct timespec){ 0, 200000000 };
    TIMED("futex-relative", syscall(SYS_futex, &word, FUTEX_WAIT, 0, &at));

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 31)
    at = until(CLOCK_REALTIME);
    TIMED("sem_clockwait", sem_clockwait(&semaphore, CLOCK_REALTIME, &at));
    at = until(CLOCK_MONOTONIC);
    TIMED("sem_clockwait-monotonic", sem_clockwait(&semaphore, CLOCK_MONOTONIC, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_mutex_clocklock", pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_rwlock_clockrdlock", pthread_rwlock_clockrdlock(&lock, CLOCK_REALTIME, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_rwlock_clockwrlock", pthread_rwlock_clockwrlock(&lock, CLOCK_REALTIME, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_cond_clockwait", pthread_cond_clockwait(&plain, &own, CLOCK_REALTIME, &at));
    at = until(CLOCK_MONOTONIC);
    TIMED("pthread_cond_clockwait-monotonic",
          pthread_cond_clockwait(&plain, &own, CLOCK_MONOTONIC, &at));
    at = until(CLOCK_REALTIME);
    TIMED("pthread_clockjoin_np", pthread_clockjoin_np(sleeper, 0, CLOCK_REALTIME, &at));
#endif
    /* What has passed, what is nonsense and what is endless is as it was. */
    at = (struct timespec){ 0, 0 };
    printf("past %d\n", pthread_mutex_timedlock(&mutex, &at) == ETIMEDOUT);
    at = (struct timespec){ 1, 2000000000 };
    printf("invalid %d\n", pthread_mutex_timedlock(&mutex, &at) == EINVAL);
    printf("errno %d\n", syscall(SYS_close, -1) == -1 && errno == EBADF);
    printf("calls %d\n", syscall(SYS_getpid) == getpid());
    at = (struct timespec){ 0x7fffffffffffffff, 0 };
    sem_post(&semaphore);
    printf("endless %d\n", sem_timedwait(&semaphore, &at) == 0);
    return 0;
}
