/*
 * xray.h: what the parts of xray-facts share. FACTS.md says what comes out.
 *
 * log.c         lines of the log; joins the two halves of an interrupted one
 * call.c        takes a call apart: name, arguments, result
 * process.c     processes and threads, from fork to exit
 * exec.c        what becomes of them when they exec
 * wait.c        who waits for them
 * descriptor.c  which descriptor of which process leads to what
 * object.c      pipes, files and the rest, and their names
 * file.c        calls on descriptors
 * path.c        calls on paths
 * memory.c, sysv.c, socket.c, pass.c, ipc.c, signal.c, arrive.c   the calls of
 *               those topics
 * facts.c       the table of calls, and the main loop
 *
 * Nothing is freed that is needed for a name: a run is short.
 */
#ifndef XRAY_H
#define XRAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { PID_LIMIT = 1 << 22, MAX_ARGS = 10, MOST_HANDLERS = 8 };

/* --- log.c --- */

enum line_kind { WHOLE, BEGUN, RESUMED, SIGNALLED, EXITED, KILLED, OTHER };

struct line {
    long number;
    pid_t tid;
    double time; /* seconds since the first line */
    enum line_kind kind;
    char *text;       /* what follows the time */
    const char *rest; /* of a BEGUN call: its other half, or NULL */
};

/* The log's own lines: "# folder /tmp", without "# ". */
struct notes {
    char *folder;
    char *end; /* "exit 3" */
    bool attached;
};

/* Reads the log once and finds the other half of each call that another
 * line interrupts. Ends the program if it isn't a whole log. */
void open_log(const char *path);
bool next_line(struct line *line);
extern struct notes notes;
_Noreturn void bad_line(long number, const char *why);
/* Whether an unknown task's line is of a thread that was being made when another
 * one ended the process: strace has seen it, but it never ran. */
bool is_stillborn(const struct line *);
/* The thread whose exec lets it take this line's number; 0: it isn't about that. */
pid_t superseding(const char *text);

/* --- call.c --- */

struct call {
    char *name;
    char *args[MAX_ARGS]; /* "" for those that aren't there */
    int count;
    bool returned;           /* false: no result is known */
    const char *error;       /* "ENOENT"; NULL: it succeeded */
    long long result;        /* -1 with an error */
    const char *result_text; /* "3<pipe:[4711]>" */
    double duration;         /* in seconds */
};

/* Takes text apart, which it changes. False if it isn't a call. */
bool parse_call(char *text, const char *rest, struct call *call);
/* The text within the first quotes; what strace escaped stays so, and a
 * blank becomes \040. NULL if there are none. The caller frees it. */
char *quoted(const char *text);
/* The number at the beginning, or -1. */
long long number(const char *text);
/* What strace says of a descriptor: "pipe:[4711]" of "3<pipe:[4711]>", or
 * NULL. The caller frees it. */
char *annotation(const char *text);
/* The word that follows key: field("{si_pid=12, ", "si_pid=") is "12". NULL
 * if the key isn't there. In a buffer that the next call reuses. */
const char *field(const char *text, const char *key);
bool has(const char *text, const char *word);

/* --- object.c --- */

enum kind {
    PIPE,
    FIFO,
    PLAIN,
    DIRECTORY,
    DEVICE,
    LINK,
    MQUEUE,
    SHM,
    SEM,
    EVENTFD,
    SIGNALFD,
    EPOLL,
    TIMERFD,
    INOTIFY,
    MEMFD,
    PIDFD,
    TCP,
    UDP,
    UNIX,
    SOCKET,
    MAP,
    FUTEX,
    SYSVMSG,
    SYSVSHM,
    SYSVSEM,
    STANDARD,
    KINDS
};

enum mode { READ = 1, WRITE = 2, BOTH = 3 };

struct object {
    enum kind kind;
    char *name;
    char *key;      /* what strace calls it, or its path: finds it again */
    bool hidden;    /* of libc or the loader */
    bool made;      /* in this run */
    bool temporary; /* its name was made up by mkstemp or mkdtemp */
    bool removed;
    int ends[2]; /* open descriptions that can read, that can write */
    struct object *next;
};

struct task;

struct object *find_object(const char *key);
/* A new object that bears a number, as "pipe:1"; key may be NULL. */
struct object *number_object(struct task *maker, enum kind, const char *key);
/* The object of that path, old or new. */
struct object *path_object(enum kind, const char *path);
struct object *name_object(enum kind, const char *key, char *name);
void forget_object(struct object *);
void set_key(struct object *, char *key);
/* The absolute path of a call's path argument; dir is its AT_FDCWD, or "". */
char *absolute(struct task *, const char *dir, const char *path);
/* A path as it is shown. The caller frees it. */
char *shown_path(const char *path);
void remember_made_up(const char *path);
const char *mode_name(enum mode);
const char *kind_name(enum kind);
void tell_names_left(void);

/* --- descriptor.c --- */

/* An open file description: what several descriptors may share. */
struct file {
    struct object *object;
    enum mode mode;
    int descriptors;
};

struct table;
struct process;

struct table *first_table(void);
struct table *copy_table(const struct table *, struct task *heir);
struct table *share_table(struct table *);
/* A table that no other process uses: this one, or a copy of it. */
struct table *own_table(struct table *, struct task *user);
void drop_table(struct table *, struct task *last);
void close_on_exec(struct task *);
struct file *file_at(struct task *, long long fd);
/* What a descriptor argument leads to; learnt from the annotation if it isn't
 * known yet. NULL if it isn't open. */
struct file *file_of(struct task *, const char *arg);
struct file *new_file(struct object *, enum mode);
void put_file(struct task *, long long fd, struct file *, bool cloexec);
void set_cloexec(struct task *, long long fd, bool cloexec);
/* Like put_file, with the facts create (if made) and open. */
void open_as(struct task *, const char *result, struct object *, enum mode,
             bool cloexec);
void close_fd(struct task *, long long fd);

/* --- process.c --- */

struct process {
    pid_t pid;
    char *name;
    char *folder;
    struct process *parent, *children, *sibling, *group;
    struct process *next; /* of all, in the order of their start */
    struct task *threads, **last_thread; /* the first one, too */
    int children_made, threads_made, tasks;
    struct table *table;
    struct mapping *mappings;
    uint64_t handled, ignored, pending;
    uint64_t once; /* handled with SA_RESETHAND */
    bool ended, dead, reaped, started;
};

struct task {
    pid_t tid;
    char *name;
    struct process *process;
    struct task *next;  /* of all */
    struct task *other; /* the next of the same process */
    int made[KINDS];
    uint64_t mask, shown_mask;
    uint8_t handlers[MOST_HANDLERS]; /* the signals in whose handlers it is */
    int depth;                       /* how many: one may interrupt another */
    char *pending;                   /* the call it is in: its text */
    bool applied;                    /* and that has had its effect */
    char *failed_exec; /* execvp may try another folder: not told yet */
};

extern struct process *processes;
extern struct task *tasks;
struct task *task_of(pid_t tid);
struct task *first_task(pid_t tid);
struct task *another_root(pid_t tid);
/* A child that shows up before the call that made it has returned. */
struct task *child_of_unfinished(pid_t tid);
const char *name_of(pid_t pid);
struct mapping *copy_mappings(const struct mapping *);
void end_task(struct task *, const char *how);
void kill_task(struct task *, const char *signal);
void tell_failed_exec(struct task *);
/* Exec in that thread has ended all others of the process; it is the first now. */
void become_first(struct task *first, pid_t tid);
void tell_what_is_left(void);

/* --- facts.c --- */

extern bool with_pids, with_times;
/* Prints a fact. who is NULL where nobody did it. */
void fact(const struct task *who, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* " = ENOENT", or "" where the call succeeded. */
const char *failure(const struct call *);
/* " = 12", or " = ENOENT". */
const char *outcome(const struct call *);
/* The fact that a task never returned from the call it is in. */
void tell_stuck(struct task *);

typedef void handler(struct task *, struct call *);
handler on_open, on_pipe, on_dup, on_close, on_close_range, on_fcntl, on_read,
    on_write, on_transfer, on_unlink, on_rename, on_make_node, on_chdir,
    on_umask, on_flock, on_truncate, on_clone, on_exec, on_thread_exit,
    on_exit_group, on_wait, on_setsid, on_setpgid, on_socket, on_socketpair,
    on_bind, on_listen, on_accept, on_connect, on_shutdown, on_sendmsg,
    on_recvmsg, on_anonymous, on_epoll_ctl, on_inotify_add, on_poll, on_sleep,
    on_pause, on_futex, on_mmap, on_munmap, on_mq_open, on_mq_unlink,
    on_mq_send, on_mq_receive, on_mq_notify, on_sysv_get, on_shmat, on_shmdt,
    on_sysv_ctl, on_msgsnd, on_msgrcv, on_semop, on_kill, on_tgkill,
    on_pidfd_signal, on_sigaction, on_sigprocmask, on_sigwait, on_sigreturn;
void on_signal_line(struct task *, const char *text);
/* A read from a signalfd takes signals as sigwait does. */
void take_from_signalfd(struct task *, const struct call *);
void tell_inside(const struct task *);
void tell_pending(struct process *);
void reset_handlers(struct process *);
/* "SIGINT" or "RT_1", as strace writes it, is 2 or 33; 0 if it is no signal. */
int signal_number(const char *name);
const char *name_of_signal(int sig);
/* Its bit in a set, as the kernel has it: signal 1 is bit 0. */
uint64_t bit(int sig);
/* What a call that never returned is about. */
const char *futex_wait(struct task *, const struct call *, const char **object);
bool wakes(const struct call *);
struct object *sysv_object(struct task *, enum kind, const char *id);
const char *path_and_mode(struct task *, struct call *);

/* --- path.c --- */

/* Which argument is the path: calls that end in "at" have a folder first. */
int path_argument(const struct call *);
/* The object that argument i names, old or new; NULL if it has no path. */
struct object *object_at(struct task *, const struct call *, int i, enum kind);

#endif
