#!/usr/bin/env bats
# tools/handlers finds what a signal handler must not call, however it gets there.

load ../lib/lab

# found SOURCE_LINE...: what it says of a program with a handler on_signal.
found() {
    needs gcc gcc
    {
        printf '#include <%s.h>\n' errno signal stdio stdlib string unistd
        echo 'void (*pointer)(void);'
        printf '%s\n' "$@"
    } >"$BATS_TEST_TMPDIR/program.c"
    run "$top/tools/handlers" "$BATS_TEST_TMPDIR/program.c"
}

install='int main(void) { struct sigaction a = {.sa_handler = on_signal}; return sigaction(1, &a, NULL); }'

@test "calls that are safe are, also through functions of its own" {
    found 'static void tell(void) { write(1, "x", strlen("x")); }' \
        'static void on_signal(int sig) { int e = errno; kill(getpid(), sig); tell(); errno = e; }' \
        'void other(int x) { printf("%d", x); }' "$install"
    assert_success
}

@test "what isn't safe is found in the handler and below it" {
    found 'static void tell(int n) { if (n) tell(n - 1); else free(malloc(1)); }' \
        'static void on_signal(int sig) { tell(sig); exit(sig); }' "$install"
    assert_failure
    assert_line --regexp 'on_signal > tell calls malloc\(\)'
    assert_line --regexp 'on_signal > tell calls free\(\)'
    assert_line --regexp 'program.c:.*: on_signal calls exit\(\)'
}

@test "a call through a pointer can't be judged" {
    found 'static void on_signal(int sig) { (void)sig; pointer(); }' "$install"
    assert_failure
    assert_line --partial "on_signal calls through a pointer"
}

@test "a handler that is handed over is found, too" {
    found 'static void on_signal(int sig) { printf("%d", sig); }' \
        'static int handle(int sig, void (*what)(int)) { struct sigaction a = {0}; a.sa_handler = what; return sigaction(sig, &a, NULL); }' \
        'int main(void) { return handle(1, on_signal); }'
    assert_failure
    assert_line --partial "on_signal calls printf()"
}

@test "a handler in a header is found, and who includes that" {
    needs gcc gcc
    unset MAKEFLAGS MAKELEVEL
    cd "$BATS_TEST_TMPDIR"
    cp -R "$top/tools" .
    mkdir -p labs/98-demo solutions/98-demo common
    printf '%s\n' 'static inline void on_signal(int sig) { printf("%d", sig); }' \
        'static inline int set(void) { struct sigaction a = {.sa_handler = on_signal}; return sigaction(1, &a, NULL); }' \
        >labs/98-demo/handle.h
    for folder in labs solutions; do
        printf '%s\n' '#include <signal.h>' '#include <stdio.h>' '#include "handle.h"' \
            'int main(void) { return set(); }' >$folder/98-demo/uses.c
    done
    run tools/handlers
    assert_failure
    assert_equal "$(grep -c '^labs/98-demo/handle.h:1:.* on_signal calls printf()' <<<"$output")" 2
    assert_line "handlers: 0 passed, 2 failed"
}

@test "signal(), and a handler that can't be seen, are found" {
    found 'static void on_signal(int sig) { (void)sig; }' \
        'int main(void) { return signal(SIGHUP, on_signal) == SIG_ERR; }'
    assert_failure
    assert_line --regexp 'program.c:.*: main sets a handler with signal\(\)'
    found 'static void on_signal(int sig) { (void)sig; }' \
        'int main(void) { struct sigaction a = {{on_signal}}; return sigaction(SIGHUP, &a, NULL); }'
    assert_failure
    assert_line --partial "program.c: can't see which handler"
}
