# Lab 15, exercise 2: which mechanism for which scenario.
#
# No list of right answers: what each mechanism has, and what each scenario demands.
# An answer is right if the mechanism has all that is demanded, and the keyword is one
# that decides.

load ../lib/lab

# What each has that a scenario may demand, in the words of the spec.
declare -gA has=(
    [signal]="stranger wakes any-program"
    [rt_signal]="stranger wakes queued"
    [signalfd]="stranger wakes poll"
    [pipe]="kin eof wakes poll"
    [fifo]="stranger script eof wakes poll"
    [file]="stranger script stays reboot"
    [inotify]="stranger wakes poll"
    [flock]="stranger script excludes counts released"
    [record_lock]="stranger excludes counts released part"
    [posix_queue]="stranger whole priority stays wakes poll"
    [sysv_queue]="stranger whole priority kind stays wakes"
    [anonymous]="kin no-copy"
    [shm]="stranger no-copy"
    [sysv_shm]="stranger no-copy"
    [ring]="kin stranger no-copy wakes"
    [robust_mutex]="kin stranger excludes released told"
    [semaphore]="kin stranger excludes counts wakes"
    [sysv_semaphore]="kin stranger excludes counts released wakes"
    [tcp]="stranger network both own eof wakes poll"
    [udp]="stranger network whole fresh wakes poll"
    [unix_stream]="stranger both own who eof wakes poll"
    [unix_dgram]="stranger whole who wakes poll"
    [unix_seqpacket]="stranger both own who whole eof wakes poll"
    [socketpair]="kin both eof wakes poll"
    [fd_passing]="stranger open-file"
    [raw]="network any-program"
    [eventfd]="kin wakes poll"
    [process_vm]="stranger any-program"
)

# demands N "KEYWORD..." "KEYWORD...": that the answer to scenario N has all of the first
# ones, and that its keyword is one of the last ones.
demands() {
    local file=$BIN/ex2_choose.txt mechanism='' keyword='' rest='' missing='' word
    # shellcheck disable=SC2034  # complain shows it
    ran="ex2_choose.txt, scenario $1"
    likely "read the scenario again, and cross out what can't do each thing that it asks for" "decide; the table of lab 15's README"
    if (($(sed 's/\r$//' "$file" | grep -cE "^ *$1:") != 1)); then
        complain "one line that begins with $1:" "$(grep -nE "^ *$1:" "$file" || echo none)"
    fi
    read -r mechanism keyword rest < <(sed 's/\r$//' "$file" | sed -nE "s/^ *$1: *//p" | tr ',' ' ')
    if [[ ! ${has[${mechanism:-none}]:-} ]]; then
        complain "the name of a mechanism, as the README has them" "${mechanism:-nothing}"
    fi
    for word in $2; do
        [[ " ${has[$mechanism]} " == *" $word "* ]] || missing+="${missing:+, }$word"
    done
    [[ ! $missing ]] || complain "a mechanism that has all that is asked for" "$mechanism doesn't have: $missing"
    [[ $keyword && ! $rest && " $3 " == *" $keyword "* ]] ||
        complain "one keyword: why $mechanism, and not what else comes to mind" "${keyword:-none}${rest:+ $rest}, which doesn't decide it here"
}

# bats test_tags=ex:2,points:4
@test "scenario 1: lines for a filter that one starts itself" {
    demands 1 "kin eof wakes" "kin eof"
}

# bats test_tags=ex:2,points:4
@test "scenario 2: lines from shell scripts" {
    demands 2 "stranger script wakes" "script"
}

# bats test_tags=ex:2,points:4
@test "scenario 3: a server for the users of this machine" {
    demands 3 "stranger both own who" "who"
}

# bats test_tags=ex:2,points:4
@test "scenario 4: jobs for a worker that isn't there yet" {
    demands 4 "stranger stays priority whole" "priority stays"
}

# bats test_tags=ex:2,points:4
@test "scenario 5: pictures, sixty in a second" {
    demands 5 "stranger no-copy" "no-copy"
}

# bats test_tags=ex:2,points:4
@test "scenario 6: three licences" {
    demands 6 "stranger counts released" "released"
}

# bats test_tags=ex:2,points:4
@test "scenario 7: a program that you can't change" {
    demands 7 "any-program wakes" "any-program"
}

# bats test_tags=ex:2,points:4
@test "scenario 8: where the ship is now" {
    demands 8 "network fresh" "fresh"
}

# bats test_tags=ex:2,points:4
@test "scenario 9: a file that one may not open" {
    demands 9 "open-file" "open-file"
}

# bats test_tags=ex:2,points:4
@test "scenario 10: half of a change" {
    demands 10 "kin excludes told" "told"
}
