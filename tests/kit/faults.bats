#!/usr/bin/env bats
# tools/faults finds what programs do wrong when a system call fails. The
# programs here do it on purpose, in a copy of the kit.

load ../lib/lab

# program NAME STATEMENT...: a program that ends with status 0.
program() {
    {
        printf '/*\n * %s: does wrong when a call fails.\n *\n * Try:   %s\n */\n' "$1" "$1"
        printf '#include <%s.h>\n' err errno fcntl signal stdio stdlib unistd
        printf 'static void note(int sig)\n{\n    (void)sig;\n}\n'
        printf 'int main(void)\n{\n    char c = 0;\n    int ends[2] = {0, 0};\n    (void)c;\n'
        printf '    (void)ends;\n    (void)note;\n'
        printf '    %s\n' "${@:2}"
        printf '    return 0;\n}\n'
    } >"labs/98-demo/$1.c"
}

@test "each mistake with a failed call is found, and what is right is not" {
    needs strace strace
    needs parallel parallel
    unset MAKEFLAGS MAKELEVEL MFLAGS BUILD SAN UNDER
    local kit="$BATS_TEST_TMPDIR/a kit"
    mkdir -p "$kit/build/tools"
    cp -R "$top"/{Makefile,common,labs,solutions,tests,tools} "$kit"
    cp -p "$top/build/tools/init" "$kit/build/tools"
    cd "$kit"
    make -s new-lab NAME=98-demo
    rm labs/98-demo/*.c solutions/98-demo/*.c
    program silent 'if (open("/dev/null", O_RDONLY) == -1)' '    _exit(0);' \
        'puts("opened");'
    program crashes 'FILE *file = fopen("/dev/zero", "r");' 'c = (char)fgetc(file);'
    program hangs 'if (pipe(ends) == -1)' '    pause();'
    program leaves 'int fd = open("file", O_WRONLY | O_CREAT, 0600);' \
        'if (fd == -1 || pipe(ends) == -1)' '    err(1, "pipe");' 'unlink("file");'
    program interrupted 'struct sigaction action = {.sa_handler = note};' \
        'sigaction(SIGUSR1, &action, NULL);' 'if (pipe(ends) == -1)' \
        '    err(1, "pipe");' 'close(ends[1]);' \
        'if (read(ends[0], &c, 1) == -1)' '    err(1, "read");'
    program status 'if (pipe(ends) == -1) {' '    warn("pipe");' '    _exit(0);' '}' 'puts("piped");'
    program right 'if (pipe(ends) == -1)' '    err(1, "pipe");' 'puts("piped");' \
        'if (fflush(stdout) == EOF)' '    err(1, "standard output");'
    # One that is accepted, and a crash, which never is; a call that isn't known.
    program passes 'if (open("/dev/null", O_RDONLY) == -1)' '    _exit(0);' \
        'puts("opened");' '(void)!nice(0);' \
        'if (fflush(stdout) == EOF)' '    err(1, "standard output");'
    printf 'labs/98-demo/%s.c openat EMFILE for this test\n' passes crashes >>tools/faults.d/accepted

    run make -s faults LAB=98
    assert_failure
    assert_line --regexp '^labs/98-demo/silent.c: openat EMFILE, call 1: doesn.t say .Too many'
    assert_line --regexp '^labs/98-demo/crashes.c: openat EMFILE, call 1: crashes: killed by SIGSEGV'
    assert_line --regexp '^labs/98-demo/hangs.c: pipe2 EMFILE, call 1: hangs: '
    assert_line --regexp '^labs/98-demo/leaves.c: pipe2 EMFILE, call 1: leaves file \./file'
    assert_line --regexp '^labs/98-demo/interrupted.c: read EINTR, call 1: is put off: exit 1, not exit 0'
    assert_line --regexp '^labs/98-demo/status.c: pipe2 EMFILE, call 1: says .*, but exits with 0'
    refute_output --partial "right.c: "
    refute_output --partial "passes.c: "
    assert_line --regexp "^not made to fail, for faults.d/errors has no such call:.* getpriority setpriority"
    assert_line --regexp '^faults: [1-9][0-9]* passed, [6-9] failed'
}
