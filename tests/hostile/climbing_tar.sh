# climbing_tar: an archive with paths that climb out, from the root, and through
# a link that it makes first.
#
# Verdict: 0 of 50: there is nothing in its place
# Held by: paths that climb out are refused by name
cd ../..
cp "$kit/solutions/$exercise.c" x
ln -s "$dir" link
tar -cPf "$dir/../$name.tar" --transform "s|^x$|../../../$name-outside|" x
tar -rPf "$dir/../$name.tar" --transform "s|^x$|$dir/../$name-outside|" x
tar -rPf "$dir/../$name.tar" link
tar -rPf "$dir/../$name.tar" --transform "s|^x$|link/$name-outside|" x
gzip "$dir/../$name.tar"
rm -rf "$dir"
