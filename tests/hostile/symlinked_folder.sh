# symlinked_folder: the lab's folder is a link to that of the solutions.
#
# Verdict: 0 of 50: a link is refused by name
# Held by: no link is followed
cd ..
rmdir 01-processes
ln -s "$kit/solutions/01-processes" 01-processes
