# Lab 13: sockets, our programs with everybody else's.

load lib/lab

# assert_written [LINE...]: what was written, but for the servers' lines.
assert_written() {
    assert_ended "exit 0"
    expect "on standard output: $*" \
        assert_equal "$(grep -vE '^(server|worker|client)\[' "$run/stdout")" "$(printf '%s\n' "$@")"
}

@test "http_server with curl: several files on one connection, HEAD, what isn't there" {
    needs curl curl
    head -c 2000000 /dev/urandom >"$work/a b.bin"
    echo "$RANDOM" >"$work/c"
    run_program -t 60 http_server bash -c 'at=http://127.0.0.1:$PORT
        curl -sS --fail -w "%{num_connects} %{http_code} %{http_version}\n" -o 1 "$at/a%20b.bin" -o 2 "$at/c" -o 3 "$at/./x/../c"
        cmp 1 "a b.bin" && cmp 2 c && cmp 3 c; rm 1 2 3
        curl -sS -I "$at/a%20b.bin" | grep -i "^content-length" | tr -d "\r"
        curl -sS --path-as-is -o 1 -w "%{http_code}\n" "$at/../../../etc/passwd"; curl -sS -o 1 -w "%{http_code}\n" -d x=1 "$at/c"
        curl -sS -o 1 -w "%{http_code}\n" -H "X: $(printf %09000d 0)" "$at/c"; rm 1'
    assert_written "1 200 1.1" "0 200 1.1" "0 200 1.1" "Content-Length: 2000000" 404 405 431
}

@test "http_server with Chromium: it shows a page and the image on it" {
    needs chromium chromium
    local width=$((RANDOM % 500 + 10)) height=$((RANDOM % 500 + 10))
    echo "<svg xmlns='http://www.w3.org/2000/svg' width='$width' height='$height'><rect width='9' height='9'/></svg>" >"$work/image.svg"
    cat >"$work/index.html" <<'END'
<!DOCTYPE html><title>t</title><link rel=icon href="data:,"><p id=p>nothing
<img src="image.svg" onload="document.getElementById('p').textContent = 'image ' + this.naturalWidth + ' ' + this.naturalHeight">
END
    run_program -t 100 -f $((1 << 30)) http_server bash -c 'mkdir home
        HOME=$PWD/home timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
            --user-data-dir=$PWD/home --dump-dom "http://127.0.0.1:$PORT/" >dom 2>log
        grep -o "image [0-9]* [0-9]*" dom || tail -n 5 log; rm -rf home dom log'
    assert_written "image $width $height"
}

@test "chat_server with nc and socat: they hear each other" {
    needs nc netcat-openbsd
    needs socat socat
    local a=$RANDOM b=$RANDOM
    run_program -t 60 chat_server bash -c 'mkfifo to_nc to_socat
        nc -N 127.0.0.1 $PORT <to_nc >nc & exec 4>to_nc
        socat - TCP:127.0.0.1:$PORT <to_socat >socat & exec 5>to_socat
        printf "nina\nhere\n" >&4; printf "sam\nhere\n" >&5
        until grep -q nina nc && grep -q sam socat; do :; done
        echo '$a' >&4; until grep -q '$a' socat; do :; done
        echo '$b' >&5; until grep -q '$b' nc; do :; done
        exec 4>&- 5>&-; wait; grep -hE "'"$a|$b"'" nc socat; rm nc socat to_nc to_socat'
    assert_written "nina: $a" "sam: $b" "nina: $a" "sam: $b"
}

@test "file_transfer through socat: a relay in between changes nothing" {
    needs socat socat
    mkdir "$work/to"
    head -c 3000000 /dev/urandom >"$work/x"
    run_program -t 60 file_transfer serve bash -c 'socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork TCP:127.0.0.1:$PORT 2>log &
        until port=$(grep -om 1 "listening on .*:[0-9]*$" log); do :; done
        file_transfer get -r to -p "${port##*:}" x; echo $?; kill $!; wait; rm log; cmp x to/x && echo same'
    assert_written 0 same
}

@test "ss shows what the README says: who listens and how many may wait, and what isn't taken yet" {
    needs ss iproute2
    run_program -t 60 chat_server bash -c 'at=127.0.0.1:$PORT; exec 4<>/dev/tcp/${at/://}
        until ss -Htln "src $at" | grep -q "^LISTEN  *0 "; do :; done # we are accepted
        ss -Htln "src $at" | while read -r state waiting most local _; do echo $state $waiting $most ${local/$at/here}; done
        printf "ann\n1\n" >&4; read -r -u 4 line
        printf "%s\n" 22 333 >&4
        until ss -Htn state established "dst $at" | grep -q "^17 "; do :; done; echo 17 bytes wait to be read'
    local most asked=4096 # SOMAXCONN of <sys/socket.h>
    [[ $BUILD != *musl* ]] || asked=128
    read -r most </proc/sys/net/core/somaxconn
    assert_written "LISTEN 0 $((most < asked ? most : asked)) here" "17 bytes wait to be read"
}
