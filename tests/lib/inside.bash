# inside.bash: many that start one command each, of which only some may be inside at
# the same time: who is where, by the list of processes. Loaded by lab 12's tests of
# ex1_stalls, after lab and threads. $key is the set's.
# shellcheck disable=SC2016,SC2034,SC2086,SC2154  # run.bash and the tests set what is used here

# begin COUNT: a shell in the sandbox, which runs what tell tells it, and COUNT
# gates, each of which holds one command inside.
begin() {
    gates "$1"
    allow_left 'file \./(err|state).*'
    start env key="$key" bash -c '
        look_at_set() {
            set -- $(awk -v key=$key "\$1 == key { print \$2, \$3 }" /proc/sysvipc/sem)
            [[ ! $1 ]] || echo $2 $(ipcs -s -i $1 | awk "NF == 5 && !/[a-z]/ { print \$2 }")
        }
        while IFS= read -r line; do eval "$line"; echo "= $?"; done'
    shell=$pid told=0
    ran="ex1_stalls -k $key, several of it at once"
}

# tell LINE: has the shell run it, and waits for the end of that; $code is its
# status.
tell() {
    type_line "$*"
    told=$((told + 1))
    if ! wait_until "$DEADLINE" lines_written "= " $told 2>/dev/null; then
        look
        complain "to end: $*" "it goes on after $DEADLINE s"$'\n'"$(whereabouts)"
    fi
    code=$(tail -n 1 "$run/stdout")
    code=${code#= }
}

# The commands that we let in: each has a number, waits at the gate of that
# number, and ends with it as its status.
command_of() {
    echo "sh -c 'read -r x <gate$1; exit $1'"
}

# come STALLS N...: starts them all at once, strangers to each other.
come() {
    local n line=''
    for n in "${@:2}"; do
        line+="ex1_stalls -k \$key -n $1 $(command_of $n) 2>err.$n </dev/null & one[$n]=\$!; "
    done
    tell "$line"
}

# come_stopped CALL N ARG...: starts one that is stopped when that call is done
# for the Nth time.
come_stopped() {
    tell "ASAN_OPTIONS=\$ASAN_OPTIONS:detect_leaks=0 strace -D -o /dev/null -e inject=$1:signal=STOP:when=${2} ex1_stalls -k \$key ${*:3} 2>err.0 </dev/null & one[0]=\$! one[1]=\$!"
}

# look: who is where, by the list of processes: inside, if it is the command;
# waiting, if it sleeps in semop(2); stopped; otherwise it moves, or shouldn't be
# where it is. Sets pid_of[N].
look() {
    local number name letter words call limit list
    inside='' waiting='' stopped='' moving=''
    while read -r number name letter; do
        mapfile -d '' -t list 2>/dev/null <"/proc/$number/cmdline"
        [[ $letter != Z && ${list[*]} ]] || continue
        if [[ ${list[*]} =~ gate([0-9]+) ]]; then
            words=${BASH_REMATCH[1]}
            pid_of[words]=$number
        else
            words=0
            pid_of[0]=$number
        fi
        call=none limit=''
        read -r call _ _ _ limit _ 2>/dev/null <"/proc/$number/syscall"
        call=${call_name[$call]:-}
        [[ $call != semtimedop || $limit != 0x0 ]] || call=semop
        case $letter:$name:$call in
        [tT]:strace:*) moving+=" $words" ;;
        [tT]:*) if stays_stopped "$number"; then stopped+=" $words"; else moving+=" $words"; fi ;;
        ?:sh:*) inside+=" $words" ;;
        S:bash:* | S:strace:*) moving+=" $words" ;;
        S:*:semop) waiting+=" $words" ;;
        *) moving+=" $words" ;;
        esac
    done < <(children "$shell") 2>/dev/null
    inside=${inside# } waiting=${waiting# } stopped=${stopped# } moving=${moving# }
}

# For a failure: who is where, and what they say.
whereabouts() {
    echo "inside: ${inside:-nobody}; asleep in semop: ${waiting:-nobody}; stopped: ${stopped:-nobody}; elsewhere: ${moving:-nobody}"
    head -n 1 "$work"/err.* 2>/dev/null | grep ': ' | sort -u | head -n 5
}

# count VARIABLE WORD...: how many words there are.
count() {
    printf -v "$1" %s $(($# - 1))
}

# are_there INSIDE WAITING [STOPPED]: whether it is so many.
are_there() {
    local in wait stop
    look
    count in $inside
    count wait $waiting
    count stop $stopped
    [[ ! $moving && "$in $wait $stop" == "$1 $2 ${3:-0}" ]]
}

# await_there INSIDE WAITING WORDS [STOPPED]
await_there() {
    if ! wait_until "$DEADLINE" are_there "$1" "$2" "${4:-0}" 2>/dev/null; then
        complain "$1 inside and $2 asleep in semop(), $3" "$(whereabouts)"
    fi
}

# leave N...: lets those end, and they must do so with their number.
leave() {
    local n
    for n; do
        open_gate "$n"
        assert_one "$n" "$n"
    done
}

# assert_one N STATUS: that it has ended like that.
assert_one() {
    tell "wait \${one[$1]}"
    [[ $code == "$2" ]] || complain "number $1 to end with status $2" "$code; $(head -c 300 "$work/err.$1")"
}

assert_error() { # assert_error N WORDS
    expect "the reason" assert_equal "$(<"$work/err.$1")" "ex1_stalls: $2"
}

# assert_set "MODE FREE ALL": the set, and its values. "" is: none.
assert_set() {
    tell 'look_at_set >state'
    expect "mode and values of the set with key $key" assert_equal "$(<"$work/state")" "$1"
}

# done_with STALLS: the values at the end, and the end of the shell.
done_with() {
    assert_set "600 $1 $1"
    tell 'ipcrm -S $key'
    end_input
    finish_program
    assert_ended "exit 0"
}
