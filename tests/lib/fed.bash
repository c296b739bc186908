# fed.bash: programs whose threads are told line by line what to do. "3 get" on
# standard input is for thread t3, which reads it from a pipe of its own. So a
# test decides who is where, and sees in /proc where each thread sleeps. Loaded by
# the tests that need it, after lab and threads.
# shellcheck disable=SC2034,SC2154  # run.bash and lab.bash set what is used here

# start_fed COUNT PROGRAM [ARG...]: starts it, and waits until its threads t1 to
# tCOUNT wait for their first line. heard: how many lines it has written that a
# test has looked at.
start_fed() {
    heard=0 step=''
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
# and sleeps nowhere that we know. And quiet=1 if nothing moves any more until a
# line comes, or time passes: main waits for a line, all threads sleep, and none
# has run between two looks.
look() {
    local tries now=() seen before seen_before i
    quiet=0
    for ((tries = 0; tries < 10; tries++)); do
        see
        before="${now[*]}" seen_before=$seen
        see
        if [[ "${now[*]} $seen" == "$before $seen_before" && ${now[0]} == idle && " ${now[*]} " != *" runs "* ]]; then
            [[ $stdin ]] && read -r -t 0 -u "$stdin" || quiet=1
            break
        fi
    done
    main=${now[0]} place=()
    now=("${now[@]:1}")
    for i in "${!task[@]}"; do
        place[i]=${now[0]}
        now=("${now[@]:1}")
    done
}

# One look at all of them: sets now, where each is, main first, and seen, how long
# and how often each has run.
see() {
    local folder stat ran call limit
    now=() seen=''
    for folder in "/proc/$pid/task/$pid" "${task[@]}"; do
        ran='' stat='' call='' limit=''
        { read -r ran <"$folder/schedstat" && read -r stat <"$folder/stat" &&
            read -r call _ _ _ limit _ <"$folder/syscall"; } 2>/dev/null
        seen+="$ran;"
        case $ran:$stat in
        :* | *:*') '[XZ]* | *:) now+=(gone) ;;
        *') S '*)
            case ${call_name[${call:-none}]:-} in
            read) now+=(idle) ;;
            readv) now+=(held) ;;
            futex) [[ $limit == 0x0 ]] && now+=(waits) || now+=(waits-until) ;;
            *) now+=(runs) ;;
            esac
            ;;
        *) now+=(runs) ;;
        esac
    done
}

all_quiet() {
    look
    ((quiet))
}

# places_are MAIN PLACE...: whether main and the threads are there now.
places_are() {
    look
    [[ "$main ${place[*]}" == "$*" ]]
}

settle() {
    local saw i
    if ! wait_until "$DEADLINE" is_so_or_over all_quiet 2>/dev/null || gone "$pid"; then
        saw="main: $main"
        for i in "${!place[@]}"; do
            saw+=", t$i: ${place[i]}"
        done
        if gone "$pid"; then
            finish_program
            saw=$(how_it_ended)
        fi
        complain "all threads to come to rest, asleep${step:+, after the line \"$step\"}" "$saw"
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
    local i list=''
    for i in "${!place[@]}"; do
        [[ ${place[i]} != "$1" ]] || list+=" $i"
    done
    echo "${list# }"
}

# assert_in PLACE "N...": exactly these threads are there; their numbers in order.
assert_in() {
    local is
    is=$(threads_in "$1")
    if [[ $is != "$2" ]]; then
        complain "${step:+after \"$step\" }in the state \"$1\": ${2:+t}${2:-no thread}" \
            "$(for i in "${!place[@]}"; do echo "t$i: ${place[i]}"; done)"
    fi
}

# assert_waiting "N...": exactly these threads sleep in futex() without a time
# limit; all others, that haven't gone, wait for a line.
assert_waiting() {
    assert_in waits "$1"
    [[ ${place[*]} != *held* && ${place[*]} != *until* ]] ||
        complain "all others to wait for their next line" "$(declare -p place)"
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
