# transfer_client.bash: a client of file_transfer in bash, which can also say what a
# good one would not. Sourced in the sandbox; $PORT says where the server is.
# shellcheck disable=SC2034  # the scripts read what hear() sets

# A peer that has gone is an error, not the end of the script.
trap "" PIPE

# tell TEXT: sends a message: its length in four bytes, and the text.
tell() {
    local length
    printf -v length '\\0\\0\\x%02x\\x%02x' $((${#1} >> 8)) $((${#1} & 255))
    printf "$length%s" "$1" >&3
}

# hear: sets heard, the next message; fails at the end of the connection.
hear() {
    local bytes
    heard=''
    read -r -a bytes < <(head -c 4 <&3 | od -A n -t u1)
    ((${#bytes[@]} == 4)) && heard=$(head -c $((bytes[2] << 8 | bytes[3])) <&3)
}

# begin TEXT: connects, as descriptor 3, and says it.
begin() {
    exec 3<>"/dev/tcp/127.0.0.1/$PORT" && tell "$1"
}

# workers: the processes that serve clients: the children of the server but us.
workers() {
    awk -v server="$PPID" -v us=$$ '$4 == server && $1 != us { print $1 }' /proc/[0-9]*/stat 2>/dev/null
}
