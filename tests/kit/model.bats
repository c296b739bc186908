# tools/model tells a model that is right from one that isn't, and from one in
# which a mistake isn't found; and ThreadSanitizer agrees with what it says of the
# ring of lab 11.

load ../lib/lab

# The smallest model: somebody waits for something.
write_model() { # write_model LINE...
    {
        echo '/*'
        printf ' * %s\n' "$@"
        cat <<'END'
 */
bit done;

active proctype waiter()
{
    done == 1
}

active proctype worker()
{
#ifndef IDLE
    done = 1
#endif
#ifdef WRONG
    assert(done == 0)
#endif
}
END
    } >"$BATS_TEST_TMPDIR/small.pml"
    run "$top/tools/model" "$BATS_TEST_TMPDIR/small.pml"
}

@test "model: mistakes must be found, for what they are; and nothing else" {
    needs spin spin
    write_model "Right:" "Mistake: WRONG wrong it asserts what isn't so" "Right: OTHER words"
    assert_success
    assert_line "model: 3 passed, 0 failed"
    write_model "Right: WRONG"
    assert_failure
    write_model "Mistake: OTHER stuck that is no mistake"
    assert_failure
    assert_line --regexp '^✗ Mistake OTHER .* right, [0-9]+ states'
    write_model "Mistake: WRONG stuck"
    assert_failure
    assert_line "model: 0 passed, 1 failed"
    write_model "Mistake: SYNTAX( wrong"
    assert_failure
}

# build_ring NAME [SED]: the ring of threads with ThreadSanitizer, its header
# changed by a script.
build_ring() {
    local folder=$BATS_TEST_TMPDIR/$1
    mkdir -p "$folder"
    cp "$top"/labs/11-shared-memory/{ring,way}.h "$top/labs/11-shared-memory/ring.c" "$folder"
    if [[ ${2:-} ]]; then
        sed -i "$2" "$folder/ring.h"
        ! cmp -s "$folder/ring.h" "$top/labs/11-shared-memory/ring.h"
    fi
    clang -std=gnu17 -D_GNU_SOURCE -O1 -g -fsanitize=thread -pthread -I"$top/common" \
        -o "$folder/ring" "$folder/ring.c" "$top/common/lab.c"
}

@test "the ring between threads: no race for ThreadSanitizer, and one where an order is relaxed" {
    needs clang clang
    build_ring right
    for way in -x "-l 0" "-l 0 -r" "-c 2 -b 1"; do
        # shellcheck disable=SC2086
        run "$BATS_TEST_TMPDIR/right/ring" -n 5000 $way threads
        assert_success
        refute_output --partial "WARNING: ThreadSanitizer"
    done
    build_ring no_release 's/memory_order_release/memory_order_relaxed/'
    build_ring no_acquire 's/memory_order_acquire/memory_order_relaxed/'
    for mistake in no_release no_acquire; do
        run "$BATS_TEST_TMPDIR/$mistake/ring" -n 5000 -x threads
        assert_output --partial "WARNING: ThreadSanitizer: data race"
    done
}
