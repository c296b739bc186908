# bomb_tar: an archive of 1 MB that holds a file of 1 GB.
#
# Verdict: 0 of 50: it is refused for its size
# Held by: a limit on what is unpacked
cd ../..
truncate -s 1G labs/huge
tar -cf - labs | gzip -1 >"$dir/../$name.tar.gz"
rm -rf "$dir"
