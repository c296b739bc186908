# isolation.bash: what tools/sandbox adds when programs are run for a grade.
# Sourced by it; $top is set.
# shellcheck disable=SC2034,SC2154  # tools/sandbox uses what is set here, and sets top
#
# GRADING is what the program sees besides the system's own programs: paths,
# with ":" between them; they are read-only. Of the machine it sees /usr and a few
# files of /etc, and no environment. -s PATH and -w PATH of tools/sandbox add a
# path to see, or to write to. GRADING_USER: the user that runs them where there
# are no namespaces; the caller must be root then.

# The most that all processes of one run may have.
processes=700 memory=$((1 << 30))

system_paths=(/etc/alternatives /etc/ld.so.cache /etc/localtime /etc/nsswitch.conf
    /etc/services /etc/protocols
    /sys/devices/system/cpu/kernel_max /sys/class/net/lo/speed) # files as odd as only the kernel's are

isolation=(
    bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-net
    --unshare-uts --unshare-cgroup-try --hostname lab
    --as-pid-1 --die-with-parent --cap-drop ALL
    --ro-bind /usr /usr
)
for path in /bin /sbin /lib /lib32 /lib64 /libx32; do
    if [[ -L $path ]]; then
        isolation+=(--symlink "$(readlink "$path")" "$path")
    elif [[ -d $path ]]; then
        isolation+=(--ro-bind "$path" "$path")
    fi
done
for path in "${system_paths[@]}"; do
    isolation+=(--ro-bind-try "$path" "$path")
done
# Names for users that are those of no machine. The descriptors are bubblewrap's.
exec {users}< <(printf '%s\n' root:x:0:0::/: "lab:x:$EUID:$EUID::/:")
exec {groups}< <(printf '%s\n' root:x:0: "lab:x:$EUID:")
exec {hosts}< <(echo "127.0.0.1 localhost lab")
isolation+=(
    --perms 0444 --file "$users" /etc/passwd --perms 0444 --file "$groups" /etc/group
    --perms 0444 --file "$hosts" /etc/hosts
    --proc /proc
    --dev /dev --perms 1777 --size 67108864 --tmpfs /dev/shm
    --mqueue /dev/mqueue --remount-ro /dev
)
# systemd-analyze, which a test asks, makes a folder there.
[[ ! $nested ]] || isolation+=(--tmpfs /run)

# What is seen is mounted after /tmp, which may be above it.
isolation+=(--perms 1777 --size "${TMP_SIZE:-67108864}" --tmpfs /tmp)
IFS=: read -r -a seen <<<"$GRADING"
for path in "$top/build/tools" "${seen[@]}"; do
    isolation+=(--ro-bind-try "$path" "$path")
done
