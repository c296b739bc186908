/*
 * ring.pml: the steps of ring.h, for spin(1): it tries every order in
 * which two processes, their store buffers, a signal, a death and the
 * parent can take them. `make model` runs it.
 *
 * What must hold: the consumer takes every message, once, in order, and
 * whole; nobody sleeps for ever; all that an orderly producer has passed
 * is taken, and whoever is killed, the other side comes to its end.
 *
 * A process's stores go into its store buffer, and from there to memory at
 * any time: plain ones in any order, but those to one address in theirs; a
 * release only when all before it have gone. A seq_cst store, an exchange
 * and a system call wait until the buffer is empty. That is at least as
 * much as x86 and ARM do. Loads are in order, as acquire has it; a load
 * that isn't acquire is made too early by hand (RELAXED_LOOK).
 *
 * Each mistake below is a mutation, made by -DNAME, which the checker must
 * find: a message that is wrong or missing, or a side that is stuck.
 *
 * Right:                          as it is
 * Right:   SPIN                   the ring that never sleeps
 * Mistake: NO_WAKE         stuck  pass, and wake nobody
 * Mistake: WAKE_FIRST      stuck  look whether the other sleeps, then pass
 * Mistake: NO_SECOND_LOOK  stuck  say that I sleep, and sleep
 * Mistake: FLAG_AFTER_LOOK stuck  look again, then say that I sleep
 * Mistake: NO_COMPARE      stuck  sleep even if the flag was cleared
 * Mistake: PASS_NO_SEQ_CST stuck  pass with release, although sides sleep
 * Mistake: FLAG_NO_SEQ_CST stuck  say that I sleep with release
 * Mistake: RELAXED_PASS    wrong  pass without release
 * Mistake: RELAXED_LOOK    wrong  read a slot before the count
 * Mistake: RELAXED_BACK    wrong  pass a slot back, then read it
 * Mistake: CLOSED_LAST     wrong  look for slots, then at `closed`
 * Mistake: NO_HANG_UP      stuck  the parent tells nobody of an end
 * Mistake: HANG_UP_IF_FLAG stuck  it wakes only who says that it sleeps
 * Mistake: ONE_TOO_MANY    wrong  the producer takes a slot too many
 */
#define CAPACITY 2
#define MESSAGES 3
/* Counts overflow, as 32 bits do: the largest number is 3. So they begin
 * near that. */
#define START 3
#define MINUS(a, b) (((a) + 4 - (b)) % 4)

#define PRODUCER 0
#define CONSUMER 1
#define OTHER (1 - me)

byte passed[2], slot[CAPACITY];
bit asleep[2], closed[2]; /* in the shared memory, as all above */
bit sleeping[2];          /* in the kernel, in futex() */
bit ended[2], killed[2];

/* Addresses in a store buffer: slot[0], slot[1], and these. */
#define PASSED 2
#define ASLEEP 3
chan buffer[2] = [6] of { byte, byte };

inline store(address, value)
{
    buffer[me] ! address, value
}

/* A release may not overtake, and not be overtaken by what is before it:
 * so it leaves the buffer only as the first. */
inline to_memory(address, value)
{
    if
    :: address == PASSED -> passed[me] = value
    :: address == ASLEEP -> asleep[me] = value
    :: else -> slot[address] = value
    fi
}

proctype store_buffer(bit me)
{
    byte address, value;
end:
    do
    :: atomic { buffer[me] ? address, value -> to_memory(address, value) }
    :: atomic { buffer[me] ?? 0, value -> to_memory(0, value) }
    :: atomic { buffer[me] ?? 1, value -> to_memory(1, value) }
#ifdef RELAXED_PASS
    :: atomic { buffer[me] ?? PASSED, value -> to_memory(PASSED, value) }
#endif
    od
}

/* FUTEX_WAIT: the kernel compares and sleeps in one step. */
inline futex_wait()
{
    atomic {
        empty(buffer[me]) ->
#ifdef NO_COMPARE
        sleeping[me] = 1
#else
        sleeping[me] = asleep[me]
#endif
    }
    sleeping[me] == 0
}

inline say_asleep()
{
#ifdef FLAG_NO_SEQ_CST
    store(ASLEEP, 1);
#else
    atomic { empty(buffer[me]) -> asleep[me] = 1 }
#endif
}

/* Two loads, and between them anything can happen. */
inline look()
{
#ifdef CLOSED_LAST
    limit = passed[OTHER];
    gone = closed[OTHER];
#else
    gone = closed[OTHER];
    limit = passed[OTHER];
#endif
}

inline sleep()
{
    do
    ::
#ifndef FLAG_AFTER_LOOK
        say_asleep();
#endif
#ifdef NO_SECOND_LOOK
        futex_wait();
#endif
        look();
        if
        :: limit != next || gone -> break
        :: else
        fi;
#ifdef FLAG_AFTER_LOOK
        say_asleep();
#endif
#ifndef NO_SECOND_LOOK
        futex_wait()
#endif
    od;
    store(ASLEEP, 0)
}

inline wait()
{
#ifdef SPIN
    do
    :: look();
        if
        :: limit != next || gone -> break
        :: else -> (passed[OTHER] != next || closed[OTHER])
        fi
    od
#else
    look();
    if
    :: limit == next && !gone -> sleep()
    :: else
    fi
#endif
}

inline wake()
{
    if
    :: awaited ->
        atomic {
            empty(buffer[me]) -> awaited = asleep[OTHER]; asleep[OTHER] = 0
        }
        if
        :: awaited -> sleeping[OTHER] = 0
        :: else
        fi
    :: else
    fi
}

inline pass(n)
{
    next = (next + n) % 4;
    count = (count + n) % 4;
#ifdef WAKE_FIRST
    awaited = asleep[OTHER];
    wake();
#endif
#ifdef RELAXED_PASS
    store(PASSED, count);
    empty(buffer[me]);
#elif defined(SPIN) || defined(PASS_NO_SEQ_CST)
    store(PASSED, count);
#else
    atomic { empty(buffer[me]) -> passed[me] = count }
#endif
#if !defined(SPIN) && !defined(NO_WAKE) && !defined(WAKE_FIRST)
    awaited = asleep[OTHER];
    wake();
#endif
    awaited = 0
}

/* Messages are 1, 2, 3 ..., in slots that hold what was there before. */
inline use(i)
{
    if
    :: me == PRODUCER -> store((next + i) % CAPACITY, done + 1)
    :: else ->
#ifdef RELAXED_LOOK
        assert((i == 0 && early == done + 1) ||
               (i > 0 && slot[(next + i) % CAPACITY] == done + 1))
#else
        assert(slot[(next + i) % CAPACITY] == done + 1)
#endif
    fi;
    done++
}

proctype side(bit me)
{
    byte next = START, limit = START, count = passed[me], done, n, i, early;
    bit gone, awaited;

    {
        do
        :: me == PRODUCER && done == MESSAGES -> break
        :: else ->
#ifdef RELAXED_LOOK
            early = slot[next % CAPACITY];
#endif
            if
            :: limit == next -> wait(); gone = 0
            :: else
            fi;
            if
            :: limit == next -> break
            :: limit != next -> n = 1
            :: MINUS(limit, next) == 2 && done + 2 <= MESSAGES -> n = 2
            fi;
#ifdef RELAXED_BACK
            if
            :: me == CONSUMER ->
                pass(n);
                next = MINUS(next, n);
                do
                :: i < n -> use(i); i++
                :: else -> break
                od;
                next = (next + n) % 4
            :: else ->
                do
                :: i < n -> use(i); i++
                :: else -> break
                od;
                pass(n)
            fi;
#else
            do
            :: i < n -> use(i); i++
            :: else -> break
            od;
            pass(n);
#endif
            /* Fewer states: what isn't used any more is alike. */
            atomic { i = 0; n = 0 }
        od;
        assert(me == PRODUCER || killed[PRODUCER] || done == MESSAGES);
        assert(me == CONSUMER || killed[CONSUMER] || done == MESSAGES);
        ended[me] = 1
    } unless { killed[me] }
}

/* A process's stores are in memory before its parent hears of its end. */
inline hang_up(who)
{
#ifdef NO_HANG_UP
    skip
#else
    closed[who] = 1;
#ifdef HANG_UP_IF_FLAG
    if
    :: asleep[1 - who] -> asleep[1 - who] = 0; sleeping[1 - who] = 0
    :: else
    fi
#else
    asleep[1 - who] = 0;
    sleeping[1 - who] = 0
#endif
#endif
}

proctype parent()
{
    bit heard[2];

    do
    :: (ended[0] || killed[0]) && empty(buffer[0]) && !heard[0] ->
        heard[0] = 1;
        hang_up(0)
    :: (ended[1] || killed[1]) && empty(buffer[1]) && !heard[1] ->
        heard[1] = 1;
        hang_up(1)
    :: heard[0] && heard[1] -> break
    od
}

/* Or nobody is killed; but the consumer ends only after the producer. */
proctype killer()
{
    if
    :: killed[PRODUCER] = 1
    :: killed[CONSUMER] = 1
    :: true
    fi
}

/* EINTR, or a wake-up meant for an earlier sleep. Or none. */
proctype interrupt()
{
    if
    :: sleeping[PRODUCER] = 0
    :: sleeping[CONSUMER] = 0
    :: true
    fi
}

init
{
    atomic {
        passed[PRODUCER] = START;
        passed[CONSUMER] = (START + CAPACITY) % 4;
#ifdef ONE_TOO_MANY
        passed[CONSUMER] = (START + CAPACITY + 1) % 4;
#endif
        run store_buffer(PRODUCER);
        run store_buffer(CONSUMER);
        run side(PRODUCER);
        run side(CONSUMER);
        run parent();
        run killer();
        run interrupt()
    }
}
