# http_client.bash: a client of http_server in bash, which every machine has that
# runs the tests. Sourced in the sandbox; $PORT says where the server is.
# shellcheck disable=SC2034  # the scripts read what fields() sets

# ask TEXT: connects, as descriptor 3, and sends it; "\r" in it is a carriage return.
ask() {
    exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf %b "$1" >&3
}

# Reads the lines that an answer begins with: sets code, size, type, date, and then:
# "on", or "close" if the connection ends with it.
fields() {
    local line
    code='' size=0 type='' date='' then=on
    read -r -t 20 _ code _ <&3
    while IFS= read -r -t 20 line <&3 && line=${line%?} && [[ $line ]]; do
        case $line in
        Content-Length:*) size=${line#*: } ;;
        Content-Type:*) type=${line#*: } ;;
        Date:*) date=${line#*: } ;;
        'Connection: close') then=close ;;
        esac
    done
}

# get PATH: what comes of it, all bytes.
get() {
    ask "GET $1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    fields
    cat <&3
}
