# plan.awk: from a trace without a fault, the faults to try: CALL ERROR N, the
# Nth CALL of a process; and CALL ? 0, if tools/faults.d/errors doesn't have the
# call. Input: that, then the trace.
#
# EINTR comes only to a process that handles a signal, and never from a file; or,
# after a stop, from the few calls that signal(7) lists.

FILENAME ~ /errors$/ {
    if ($1 !~ /^#/) {
        call = $1
        $1 = ""
        errors[call] = $0
    }
    next
}

# A program that couldn't be linked statically begins with its loader's calls.
FNR == 1 { pid = $1; loads = 0; next } # the execve of the program itself
/access\("\/etc\/ld.so.preload"/ { loads = 1 }
loads && $1 == pid && /^[0-9]+ +munmap\(/ {
    loads = 0
    for (call in errors)
        first[call] = count[pid, call]
}

# libc has a handler of its own for its threads, on SIGRT_1.
/rt_sigaction\(.*sa_handler=0x/ && !/\(SIGRT_1,/ { handles = 1 }

match($0, /^[0-9]+ +[a-z_0-9]+\(/) {
    split(substr($0, 1, RLENGTH - 1), word)
    call = word[2]
    n = ++count[word[1], call]
    if (loads)
        next
    if (n > most[call])
        most[call] = n
    if (/\([0-9]+<\// && !/\([012]</ || /WNOHANG/ ||
        !handles && call !~ /^(epoll|sem|msg|rt_sigtimedwait)/)
        steady[call, n]
}

END {
    for (call in most)
        if (!(call in errors))
            print call, "?", 0
    for (call in errors) {
        split(errors[call], error, " ")
        for (n = first[call] + 1; n <= most[call]; n++) {
            if (n > first[call] + 3 && n < most[call])
                n = most[call]
            for (i = 1; i in error; i++)
                if (error[i] != "EINTR" || !((call, n) in steady))
                    print call, error[i], n
        }
    }
}
