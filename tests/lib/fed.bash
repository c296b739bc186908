# fed.bash: programs whose threads are told line by line what to do. "3 get" on
# standard input is for thread t3, which reads it from a pipe of its own. So a
# test decides who is where, and sees in /proc where each thread sleeps. Loaded by
# the tests that need it, after lab and threads.
# shellcheck disable=SC2034,SC2154  # run.bash and lab.bash set what is used here

# The numbers of read(), readv() and futex(): unistd.h.
if [[ $(uname -m) == x86_64 ]]; then
    call_read=0 call_readv=19 call_futex=202
else
    call_read=63 call_readv=65 call_futex=98
fi

# start_fed COUNT PROGRAM [ARG...]: starts it, and waits until its threads t1 to
# tCOUNT wait for their first line. heard: how many lines it has written that a
# test has looked at.
start_fed() {
    heard=0
    start "${@:2}"
    await "the threads t1 to t$1" find_threads "$1"
    settle
}

# Sets task[N]: the folder of thread tN in /proc.
find_threads() {
    local folder name
    task=()
    for folder in "/proc/$pid/task"/*; do
        read -r name <"$folder/comm" && [[ $name =~ ^t([0-9]+)$ ]] &&
            task[BASH_REMATCH[1]]=$folder
    done 2>/dev/null
    ((${#task[@]} == $1))
}

# Sets place[N]: where thread tN is: "idle", if it sleeps until it gets a line;
# "waits", in futex() without a time limit, for a lock or a condition variable;
# "waits-until", the same with one; "held", by UNKIND=hold; "gone"; or "runs",
# and sleeps nowhere that we know. And seen: how often all of them have run.
look() {
    local i folder state call op limit ran
    seen=''
    for i in main "${!task[@]}"; do
        folder=${task[${i/main/0}]:-/proc/$pid/task/$pid}
        if ! { read -r _ _ state _ <"$folder/stat" && read -r call _ op _ limit _ <"$folder/syscall" &&
            read -r ran <"$folder/schedstat"; } 2>/dev/null; then
            state=gone ran=gone
        fi
        seen+=" $ran"
        case "$state $call" in
        gone*) state=gone ;;
        "S $call_read") state=idle ;;
        "S $call_readv") state=held ;;
        "S $call_futex") [[ $limit == 0x0 ]] && state=waits || state=waits-until ;;
        *) state=runs ;;
        esac
        [[ $i == main ]] && main=$state || place[i]=$state
    done
}

# Whether nothing moves any more until a line comes, or time passes: main waits
# for a line, all threads sleep, and none has run between two looks.
all_quiet() {
    local before
    ! read -r -t 0 -u "$stdin" || return 1
    look
    before=$seen
    [[ $main == idle && ${place[*]} != *runs* ]] || return 1
    look
    [[ $seen == "$before" && $main == idle && ${place[*]} != *runs* ]]
}

settle() {
    local tries
    for ((tries = 0; tries < 20; tries++)); do
        ! all_quiet || return 0
    done
    if ! wait_until "$DEADLINE" is_so_or_over all_quiet 2>/dev/null || gone "$pid"; then
        local saw
        saw="main: $main"
        for tries in "${!task[@]}"; do
            saw+=", t$tries: ${place[tries]}"
        done
        if gone "$pid"; then
            finish_program
            saw=$(how_it_ended)
        fi
        complain "all threads to come to rest, asleep, after the line '$step'" "$saw"
    fi
}

# step LINE...: types them, and waits until nothing moves any more.
step() {
    step=$*
    type_lines "$@"
    settle
}

# threads_in PLACE: the numbers of the threads that are there, in order.
threads_in() {
    local i list=()
    for i in "${!place[@]}"; do
        [[ ${place[i]} != "$1" ]] || list+=("$i")
    done
    echo "${list[*]}"
}

# assert_in PLACE "N...": exactly these threads are there.
assert_in() {
    local is wanted
    is=$(threads_in "$1")
    wanted=$(tr ' ' '\n' <<<"$2" | sort -n | xargs)
    if [[ $is != "$wanted" ]]; then
        is="threads in \"$1\": ${is:-none}"
        complain "threads in \"$1\" after '$step': ${wanted:-none}" "$is"$'\n'"all: $(declare -p place | sed 's/^[^(]*(/(/')"
    fi
}

# assert_waiting "N...": exactly these threads sleep in futex() without a time
# limit; all others, that haven't gone, wait for a line.
assert_waiting() {
    assert_in waits "$1"
    assert_in held ""
    assert_in waits-until ""
}

# assert_said LINE...: since we last looked it has written these lines, in any
# order, and no others.
assert_said() {
    local all new
    mapfile -t all <"$run/stdout"
    new=("${all[@]:heard}")
    heard=${#all[@]}
    expect "after '$step' these lines, in any order" assert_equal \
        "$( ((${#new[@]} == 0)) || printf '%s\n' "${new[@]}" | sort)" \
        "$( (($# == 0)) || printf '%s\n' "$@" | sort)"
}

# unkind_if_possible WORD...: be_unkind, but where that can't be the test goes on
# without it: what it asks for holds in any case, it only can't catch as much.
unkind_if_possible() {
    [[ ${SAN:-}${UNDER:-} ]] || be_unkind "$@"
}

# hold_woken: from now on programs are started so that a thread that was woken in
# a condition variable is held before it gets the lock (see tools/unkind.c), until
# let_woken_go [N] lets N of them go on.
hold_woken() {
    be_unkind hold
    mkfifo "$work/hold"
    exec {holding}<>"$work/hold"
}

let_woken_go() {
    head -c "${1:-1}" /dev/zero >&"$holding"
    step="let go ${1:-1}"
    settle
}
