# Lab 13: sockets, the proxy that loses datagrams.

# shellcheck disable=SC2016

load lib/lab
load lib/udp

setup_file() {
    build_udp
}

# through OPTION... SCRIPT: lossy_proxy with these options, towards the port a; bash
# runs the script while it serves, with the functions of udp.bash. Datagrams are sent
# from c by go, those that the server gets are awaited by gets.
through() {
    talk 'peer a b c d
        go() { for hex; do say_to c $PORT $hex; done; }
        gets() { for hex; do await_any $hex; [[ "$to $got" == "a $hex" ]] || miss "$hex at the server" "$to $got"; done; }
        back() { for hex; do say_to a $client $hex; done; }
        takes() { for hex; do await_any $hex; [[ "$to $got" == "c $hex" ]] || miss "$hex at the client" "$to $got"; done; }
        export -f go gets back takes
        ports="a=$a b=$b c=$c d=$d"
        '"${*}"
}

# proxy OPTION... SCRIPT (in the sandbox) is below, a function of the scripts: the
# proxy runs beside the script, not as its parent, for the sockets are the script's.
serve='proxy() {
        lossy_proxy "$@" >log 2>err &
        proxy=$!
        so_soon "to listen" grep -qs "listens on" log
        PORT=$(sed -n "s/.*listens on .*://p" log)
    }
    go() { for hex; do say_to c $PORT $hex; done; }
    at() { # at NAME HEX...: these, in this order, come to that socket
        local hex
        for hex in "${@:2}"; do
            await_any $hex
            [[ "$to $got" == "$1 $hex" ]] || miss "$hex at $1" "$got at $to"
        done
    }
    stop() { kill $proxy; ends $proxy 0; }
    peer a c d'
